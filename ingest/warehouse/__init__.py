"""
Warehouses: where rows are committed, whole or not at all.

`Warehouse` is what loading needs of an engine. Nothing in it says how an engine commits: DuckDB
does it in one transaction, another may upload aside and publish with the ledger's row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import pyarrow as pa

from ingest.tables import Table

Row = Mapping[str, Any]
NO_PARAMETERS: Mapping[str, Any] = {}
NEWEST_GENERATION = """
    select load_id, generation, format, event_count, rejected_event_count
    from raw.loads
    where load_id = $load_id
    order by generation desc
    limit 1
"""


class AlreadyCommitted(Exception):
    """Another loader has committed the same load; nothing was added."""


class LoadTransaction(Protocol):
    """An open load: nothing of it is visible until `commit`, and nothing remains without it."""

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a raw table."""

    def commit(self, ledger: Row) -> None:
        """
        Make everything visible at once, with its row in the ledger and the warehouse's own time.

        Raises `AlreadyCommitted` if another loader was faster; then nothing was added.
        """


class Warehouse(Protocol):
    """An engine that keeps the raw tables."""

    url: str
    loads_at_once: int
    """How many loads one process may have open at the same time."""

    def plan(self, tables: Sequence[Table]) -> Sequence[str]:
        """Return the statements that would create what is missing of `tables`; additive, in order."""

    def extend(self, tables: Sequence[Table]) -> Sequence[str]:
        """Create what is missing of `tables`; return the statements that ran."""

    def mark(self) -> str | None:
        """Return what the warehouse was marked with; None where looking at the tables is as cheap."""

    def mark_as(self, mark: str) -> None:
        """Mark the warehouse, if this account may."""

    def newest_generation(self, load_id: str) -> Row | None:
        """
        Return what the ledger says of a load's newest generation; None if it was never committed.

        Its load_id, generation, format, event_count and rejected_event_count: no more, since every
        load asks, and BigQuery bills by the column.
        """

    def loading(self) -> AbstractContextManager[LoadTransaction]:
        """Open a load. Leaving without a commit, or by an exception, leaves no trace."""

    def note(self, table: str, rows: pa.Table) -> None:
        """Append rows of one of the ledger's tables, committed at once."""

    def query(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> Sequence[Row]:
        """
        Return the rows of a query, as mappings; moments are UTC, without a zone.

        It names tables as `raw.<table>` and `marts.<table>`, parameters as `$name`, and says only
        what both engines understand.
        """

    def close(self) -> None:
        """Let go of the warehouse, so that others can write."""
