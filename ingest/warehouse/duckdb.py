"""
DuckDB: a warehouse in one file, for a laptop, a CI cache or a small team.

One process writes at a time. Who finds the file locked waits, with growing pauses, up to a limit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ci_intel import faults
from ci_intel.errors import WarehouseUnavailable
from ingest import ledger
from ingest.tables import Table, Type
from ingest.warehouse import NEWEST_GENERATION, NO_PARAMETERS, Row

TYPES = {
    Type.STRING: "VARCHAR",
    Type.INTEGER: "BIGINT",
    Type.FLOAT: "DOUBLE",
    Type.BOOLEAN: "BOOLEAN",
    Type.TIMESTAMP: "TIMESTAMP",
}
PREFIX = "duckdb:///"
SCHEMAS = frozenset({"raw", "seeds", "staging", "intermediate", "marts"})
"""The hub's schemas, after which no file can be called: DuckDB calls a database what its file is called."""
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0
_HEADER_BYTES = 3 * 4096
_CREATION_SECONDS = 2.0


class DuckDBWarehouse:
    """
    The raw tables in the schema `raw` of a DuckDB file.

    Opening it takes the file's lock, which `close` gives back. Raises `WarehouseUnavailable` if the
    lock is not free within `lock_timeout` seconds, if the file cannot be created or read, or if it is
    called like one of the hub's schemas.
    """

    def __init__(
        self,
        path: Path,
        *,
        lock_timeout: float = 60.0,
        memory_limit: str = "256MB",
        is_read_only: bool = False,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> None:
        if path.stem.lower() in SCHEMAS:
            raise WarehouseUnavailable(
                f"{path}: DuckDB would take {path.stem} for the hub's schema of that name; "
                f"call the file something else, such as {path.with_stem('ci_intel').name}"
            )
        self.url = f"{PREFIX}{path}"
        self.path = path
        self.loads_at_once = 1
        self._memory_limit = memory_limit
        self._connection = self._connected(lock_timeout, is_read_only, on_wait)

    def _connected(
        self, lock_timeout: float, is_read_only: bool, on_wait: Callable[[str], None]
    ) -> duckdb.DuckDBPyConnection:
        if is_read_only and not self.path.exists():
            raise WarehouseUnavailable(f"{self.path}: no warehouse there yet; `ci-intel load` creates it")
        # One thread: small batches keep a second one busy waiting, at three times the CPU for the same speed.
        config: dict[str, Any] = {"memory_limit": self._memory_limit, "threads": "1"}
        deadline = time.monotonic() + lock_timeout
        created_by = time.monotonic() + _CREATION_SECONDS
        pause = _FIRST_PAUSE
        while True:
            try:
                if not is_read_only:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                return duckdb.connect(str(self.path), read_only=is_read_only, config=config)
            except OSError as error:
                raise WarehouseUnavailable(f"{self.path}: cannot be created: {error.strerror}") from error
            except duckdb.Error as error:
                is_new = self._is_being_created() and time.monotonic() < created_by
                if not _is_lock(error) and not is_new:
                    raise WarehouseUnavailable(f"{self.path}: cannot be opened: {_first_line(error)}") from error
                if time.monotonic() + pause > deadline:
                    raise WarehouseUnavailable(
                        f"{self.path}: locked by another process for longer than {lock_timeout:g} s; "
                        f"wait for it, or raise --lock-timeout ({_first_line(error)})"
                    ) from error
                on_wait(f"{self.path} is locked; waiting")
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _is_being_created(self) -> bool:
        """Tell whether the file is shorter than its own headers, as it is for a moment when another makes it."""
        try:
            return self.path.stat().st_size < _HEADER_BYTES
        except OSError:
            return False

    def plan(self, tables: Sequence[Table]) -> Sequence[str]:
        """Return `create` and `alter … add column` statements for what is missing; a changed type is an error."""
        known: dict[str, dict[str, str]] = {}
        for table_name, column_name, data_type in self._execute(
            "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'raw'"
        ).fetchall():
            known.setdefault(table_name, {})[column_name] = data_type
        return missing(str(self.path), tables, known)

    def extend(self, tables: Sequence[Table]) -> Sequence[str]:
        """Create what is missing, in one transaction."""
        statements = self.plan(tables)
        if statements:
            with self._transaction():
                for statement in statements:
                    self._execute(statement)
        return statements

    def mark(self) -> str | None:
        """Return nothing: a file's tables are looked at in no time."""
        return None

    def mark_as(self, mark: str) -> None:
        """Do nothing."""

    def newest_generation(self, load_id: str) -> Row | None:
        """Return the ledger's row of the newest generation of a load."""
        rows = self.query(NEWEST_GENERATION, {"load_id": load_id})
        return rows[0] if rows else None

    @contextmanager
    def loading(self) -> Iterator[DuckDBLoad]:
        """Open a transaction; it is rolled back unless the load commits."""
        self._execute("begin transaction")
        load = DuckDBLoad(self)
        try:
            yield load
        finally:
            if not load.is_committed:
                self._roll_back()

    def note(self, table: str, rows: pa.Table) -> None:
        """Append rows of one of the ledger's tables."""
        with self._transaction():
            self.insert(table, rows)

    def query(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> Sequence[Row]:
        """Return the rows of a query."""
        cursor = self._execute(sql, parameters)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def insert(self, table: str, rows: pa.Table) -> None:
        """Append rows within the open transaction."""
        # DuckDB finds `rows` by its name in this frame. Registering it would keep every batch in memory
        # until the transaction ends.
        try:
            self._connection.execute(f"insert into raw.{table} by name select * from rows")
        except duckdb.Error as error:
            raise self._unavailable(error) from error

    def commit(self) -> None:
        """Commit the open transaction."""
        self._execute("commit")

    def close(self) -> None:
        """Close the file; its log is folded into it."""
        faults.point("before_close")
        try:
            self._connection.close()
        except duckdb.Error as error:
            raise self._unavailable(error) from error

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._execute("begin transaction")
        try:
            yield
            self.commit()
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        try:
            self._connection.execute("rollback")
        except duckdb.Error:
            # The engine has already ended the transaction that failed.
            return

    def _execute(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql, dict(parameters) or None)
        except duckdb.Error as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: duckdb.Error) -> WarehouseUnavailable:
        return WarehouseUnavailable(f"{self.path}: the warehouse refused: {_first_line(error)}; nothing was written")


class DuckDBLoad:
    """One load's transaction on a DuckDB file."""

    def __init__(self, warehouse: DuckDBWarehouse) -> None:
        self._warehouse = warehouse
        self.is_committed = False

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a raw table."""
        self._warehouse.insert(table, rows)
        faults.point("after_append")

    def commit(self, row: Row) -> None:
        """Write the ledger's row and commit. The clock never stands still or goes back between two commits."""
        newest = self._warehouse.query("select max(committed_at) as newest from raw.loads")[0]["newest"]
        committed_at = datetime.now(UTC).replace(tzinfo=None)
        if newest is not None and committed_at <= newest:
            committed_at = newest + timedelta(microseconds=1)
        rows = pa.Table.from_pylist([{**row, "committed_at": committed_at}], schema=ledger.arrow_schema(ledger.LOADS))
        self._warehouse.insert("loads", rows)
        faults.point("before_commit")
        self._warehouse.commit()
        self.is_committed = True
        faults.point("after_commit")


def _is_lock(error: duckdb.Error) -> bool:
    return isinstance(error, duckdb.IOException) and "lock" in str(error).lower()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def missing(where: str, tables: Sequence[Table], known: Mapping[str, Mapping[str, str]]) -> Sequence[str]:
    """
    Return the statements that create what is missing of `tables`; additive, in order.

    `known` has the type of each column of each table that is there. Raises `WarehouseUnavailable`
    for a column whose type is another; `where` says in which warehouse.
    """
    statements = [] if known else ["create schema if not exists raw"]
    for table in (*ledger.TABLES, *tables):
        statements += _missing_of(where, table, known.get(table.name))
    return statements


def _missing_of(where: str, table: Table, known: Mapping[str, str] | None) -> Sequence[str]:
    columns = table.own_columns if table in ledger.TABLES else table.all_columns
    if known is None:
        declared = ",\n    ".join(f"{column.name} {TYPES[column.type]}" for column in columns)
        return [f"create table raw.{table.name} (\n    {declared}\n)"]
    for column in columns:
        if known.get(column.name, TYPES[column.type]) != TYPES[column.type]:
            raise WarehouseUnavailable(
                f"raw.{table.name}.{column.name} is {known[column.name]} in {where}, but this version of "
                f"the hub writes {TYPES[column.type]}; load into a new warehouse"
            )
    return [
        f"alter table raw.{table.name} add column {column.name} {TYPES[column.type]}"
        for column in columns
        if column.name not in known
    ]
