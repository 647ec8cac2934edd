"""
Positions: what of a repository is collected, object by object, each in the version that it had.

They are rows of the warehouse (`raw.positions`), so that whoever collects next, on whatever machine, goes on
from there. A row is written after the load that it speaks of is committed, never before: killed in between,
the same is asked for and loaded again, which adds nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson
import pyarrow as pa

from ingest import ledger
from ingest.load import rows_of
from ingest.warehouse import Warehouse

# BigQuery asks for a bound on the partitions it is to read, even if that is all of them.
KNOWN = """
    select kind, name, mark
    from (
        select
            kind,
            name,
            mark,
            row_number() over (partition by kind, name order by noted_at desc) as place
        from raw.positions
        where
            noted_at >= cast('1970-01-01' as timestamp)
            and api_url = $api_url
            and repository = $repository
    ) as ranked
    where place = 1
"""


@dataclass(frozen=True)
class Mark:
    """That an object (`kind`, `name`) was collected as `mark` says: a version, an ETag, a moment, an outcome."""

    kind: str
    name: str
    mark: str


@dataclass(frozen=True)
class Page:
    """
    A page of a list as it was: its version, how many objects it had, how many all pages have, its oldest moment.

    Enough to know, when the API says that it is unchanged, whether to go on to the next.
    """

    etag: str
    count: int
    total: int | None = None
    oldest: str = ""

    def mark(self, name: str) -> Mark:
        """Return the page as a mark."""
        return Mark("page", name, orjson.dumps([self.etag, self.count, self.total, self.oldest]).decode())


@dataclass
class Positions:
    """What is known of one repository; `{kind: {name: mark}}`."""

    api_url: str
    repository: str
    marks: dict[str, dict[str, str]] = field(default_factory=dict)

    def known(self, kind: str) -> Mapping[str, str]:
        """Return the marks of a kind, by name."""
        return self.marks.get(kind, {})

    def page(self, name: str) -> Page | None:
        """Return how a page was."""
        mark = self.known("page").get(name)
        return Page(*orjson.loads(mark)) if mark else None

    def take(self, marks: Iterable[Mark]) -> None:
        """Know these as well."""
        for mark in marks:
            self.marks.setdefault(mark.kind, {})[mark.name] = mark.mark

    def rows(self, marks: Iterable[Mark], now: datetime) -> pa.Table:
        """Return marks as rows of `raw.positions`."""
        noted_at = now.astimezone(UTC).replace(tzinfo=None)
        return rows_of(
            ledger.POSITIONS,
            [
                {
                    "api_url": self.api_url,
                    "repository": self.repository,
                    "kind": mark.kind,
                    "name": mark.name,
                    "mark": mark.mark,
                    "noted_at": noted_at,
                }
                for mark in marks
            ],
        )


def read_positions(warehouse: Warehouse, api_url: str, repository: str) -> Positions:
    """Read what is known of a repository."""
    positions = Positions(api_url, repository)
    rows = warehouse.query(KNOWN, {"api_url": api_url, "repository": repository})
    positions.take(Mark(row["kind"], row["name"], row["mark"]) for row in rows)
    return positions
