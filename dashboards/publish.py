"""
The marts, published: a DuckDB file of their own, which readers open while the next build writes.

DuckDB has one writer, and who reads a file keeps that writer out. So nobody reads the warehouse: the
schema `marts` is copied into a file under a name of its own, which then takes the place of the old
one by a rename. A reader sees the old marts or the new ones, whole.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import duckdb

from ci_intel import faults
from ci_intel.errors import NotFound, WarehouseUnavailable

SCHEMA = "marts"
DEFAULT_OUT = Path("warehouse/published/hub.duckdb")
_PUBLISHED = "published_marts"
_UNFINISHED = ".unfinished"
_MEMORY_LIMIT = "2GB"
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


@dataclass(frozen=True)
class Published:
    """What one publish wrote."""

    path: Path
    rows: dict[str, int]
    """The number of rows of each mart."""
    as_of: datetime | None
    """When the newest evidence in the marts was loaded (UTC); null if no mart says so."""
    size_bytes: int


def publish(
    warehouse: Path,
    out: Path,
    *,
    lock_timeout: float,
    on_wait: Callable[[str], None] = lambda _: None,
) -> Published:
    """
    Copy the schema `marts` of a warehouse into the file `out`, which changes at once or not at all.

    Views become tables. What a killed publish left beside `out` is removed. Raises `NotFound` if there
    is no warehouse or it has no marts, `WarehouseUnavailable` if a build or another publisher is not done within
    `lock_timeout` seconds, or the disk is full; then `out` is as it was.
    """
    _check(warehouse, out)
    deadline = time.monotonic() + lock_timeout
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with _alone(out, deadline, on_wait):
            _remove_leftovers(out)
            unfinished = out.with_name(f".{out.name}.{os.getpid()}{_UNFINISHED}")
            try:
                rows, as_of = _copy(warehouse, unfinished, deadline, on_wait)
                size_bytes = unfinished.stat().st_size
                faults.point("before_rename")
                _put_in_place(unfinished, out)
            finally:
                _remove(unfinished)
    except OSError as error:
        raise WarehouseUnavailable(
            f"{out}: cannot be written: {error.strerror}; what was published before is as it was"
        ) from error
    return Published(out, rows, as_of, size_bytes)


def _check(warehouse: Path, out: Path) -> None:
    if not warehouse.exists():
        raise NotFound(f"{warehouse}: no warehouse there; `make demo` makes one, or `ci-intel load` and `dbt build`")
    if out.stem == SCHEMA:
        # Such a file's catalog would be named as its schema is, and "marts.dora" could be either's.
        raise click.UsageError(
            f"{out}: name the file anything but {SCHEMA}.duckdb, as DuckDB could not tell it from the schema"
        )
    if out.exists() and out.samefile(warehouse):
        raise click.UsageError(f"{out} is the warehouse itself; publish into a file of its own")


@contextmanager
def _alone(out: Path, deadline: float, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Hold the publishers' lock. It is the system's, so that a killed publisher does not keep it."""
    with out.with_name(f".{out.name}.lock").open("a") as lock:
        for pause in _pauses(deadline):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if pause is None:
                    raise WarehouseUnavailable(
                        f"{out}: somebody else is publishing; wait for them, or raise --lock-timeout"
                    ) from None
                on_wait(f"{out}: somebody else is publishing; waiting")
                time.sleep(pause)
        yield


def _copy(
    warehouse: Path, unfinished: Path, deadline: float, on_wait: Callable[[str], None]
) -> tuple[dict[str, int], datetime | None]:
    # Spilled rows would otherwise go to a folder beside whatever directory this was called in.
    config: dict[str, Any] = {"memory_limit": _MEMORY_LIMIT, "temp_directory": f"{unfinished}.tmp"}
    try:
        with duckdb.connect(config=config) as connection:
            source = _attach(connection, warehouse, deadline, on_wait)
            connection.execute(f"attach {_text(unfinished)} as {_PUBLISHED}")
            rows = _copy_marts(connection, source, warehouse)
            as_of = _as_of(connection, rows)
            connection.execute(f"checkpoint {_PUBLISHED}")
            connection.execute(f"detach {_PUBLISHED}")
    except duckdb.Error as error:
        raise WarehouseUnavailable(
            f"{unfinished.parent}: publishing failed: {_first_line(error)}; what was published before is as it was"
        ) from error
    return rows, as_of


def _attach(
    connection: duckdb.DuckDBPyConnection, warehouse: Path, deadline: float, on_wait: Callable[[str], None]
) -> str:
    """Attach the warehouse, read-only, under the name that its views know it by; return that name."""
    name = warehouse.stem
    for pause in _pauses(deadline):
        try:
            connection.execute(f"attach {_text(warehouse)} as {_quoted(name)} (read_only)")
            break
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise
            if pause is None:
                raise WarehouseUnavailable(
                    f"{warehouse}: a build or a load is writing it; publish when that is done, or raise --lock-timeout "
                    f"({_first_line(error)})"
                ) from error
            on_wait(f"{warehouse}: a build or a load is writing it; waiting")
            time.sleep(pause)
    return name


def _copy_marts(connection: duckdb.DuckDBPyConnection, source: str, warehouse: Path) -> dict[str, int]:
    """Copy all marts in one transaction, so that they are of one moment; return the rows of each."""
    connection.execute("begin")
    marts = [
        name
        for (name,) in connection.execute(
            "select table_name from information_schema.tables "
            "where table_catalog = ? and table_schema = ? order by table_name",
            [source, SCHEMA],
        ).fetchall()
    ]
    if not marts:
        raise NotFound(f"{warehouse}: no marts to publish: run `dbt build` first")
    connection.execute(f"create schema {_PUBLISHED}.{SCHEMA}")
    rows = {}
    for mart in marts:
        target = f"{_PUBLISHED}.{SCHEMA}.{_quoted(mart)}"
        [(rows[mart],)] = connection.execute(
            f"create table {target} as select * from {_quoted(source)}.{SCHEMA}.{_quoted(mart)}"
        ).fetchall()
        faults.point("after_mart")
    connection.execute("commit")
    return rows


def _as_of(connection: duckdb.DuckDBPyConnection, rows: dict[str, int]) -> datetime | None:
    if "data_trust" not in rows:
        return None
    [(as_of,)] = connection.execute(f"select max(last_loaded_at) from {_PUBLISHED}.{SCHEMA}.data_trust").fetchall()
    return None if as_of is None else datetime.fromisoformat(str(as_of))


def _put_in_place(unfinished: Path, out: Path) -> None:
    """Have the disk know the new file before its name does, and then the name."""
    if _log(unfinished).exists():
        raise WarehouseUnavailable(f"{unfinished}: was not written to its end; publish again")
    _sync(unfinished)
    unfinished.chmod(0o644)
    unfinished.replace(out)
    _sync(out.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(out: Path) -> None:
    """Remove what killed publishers left; only who holds their lock may."""
    for left in out.parent.glob(f".{out.name}.*{_UNFINISHED}"):
        _remove(left)
    for log in out.parent.glob(f".{out.name}.*{_UNFINISHED}.wal"):
        log.unlink(missing_ok=True)


def _remove(unfinished: Path) -> None:
    unfinished.unlink(missing_ok=True)
    _log(unfinished).unlink(missing_ok=True)


def _log(file: Path) -> Path:
    return file.with_name(f"{file.name}.wal")


def _pauses(deadline: float) -> Iterator[float | None]:
    """Yield growing pauses until the deadline, and then None: the last try."""
    pause = _FIRST_PAUSE
    while time.monotonic() + pause < deadline:
        yield pause
        pause = min(pause * 2, _LONGEST_PAUSE)
    yield None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
