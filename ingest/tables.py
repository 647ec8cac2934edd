"""
Raw tables: what a topic declares, and how a batch of its events becomes columns.

A topic declares its tables once, as data. From the declaration come the DDL of both engines and
the columns of every batch, so that a new topic needs no code to be loaded. Columns are taken from
a whole batch of events at a time, which costs a third of building rows one by one.

A cell is what the sender wrote: a missing field is null, never a zero or a default, except where
a column says so (`default`), because it is part of a key and a key is never null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

import pyarrow as pa

from ci_intel.identities import digest_of
from ci_intel.moments import utc

Event = Mapping[str, Any]
Path = tuple[str, ...]
_NOTHING: Mapping[str, Any] = {}


class Type(StrEnum):
    """Types a raw column may have; each engine has its word for them. Times are UTC, microseconds."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"


ARROW: Mapping[Type, pa.DataType] = {
    Type.STRING: pa.string(),
    Type.INTEGER: pa.int64(),
    Type.FLOAT: pa.float64(),
    Type.BOOLEAN: pa.bool_(),
    Type.TIMESTAMP: pa.timestamp("us"),
}


@dataclass(frozen=True)
class Column:
    """
    One column: its name, its type, and where in the event (or in the element) its value is.

    `is_joined` marks a list of strings kept as one string: sorted, one element a line.
    """

    name: str
    type: Type
    path: Path
    default: str | int | None = None
    is_joined: bool = False


def string(name: str, path: str | None = None, *, default: str | None = None) -> Column:
    """Declare a column of text; numbers and booleans of an open map are written as JSON writes them."""
    return Column(name, Type.STRING, _path(name, path), default)


def integer(name: str, path: str | None = None, *, default: int | None = None) -> Column:
    """Declare a column of 64-bit integers."""
    return Column(name, Type.INTEGER, _path(name, path), default)


def number(name: str, path: str | None = None) -> Column:
    """Declare a column of double precision numbers."""
    return Column(name, Type.FLOAT, _path(name, path))


def boolean(name: str, path: str | None = None) -> Column:
    """Declare a column of booleans."""
    return Column(name, Type.BOOLEAN, _path(name, path))


def timestamp(name: str, path: str | None = None) -> Column:
    """Declare a column of moments, sent as RFC 3339 with an offset."""
    return Column(name, Type.TIMESTAMP, _path(name, path))


def joined(name: str, path: str | None = None) -> Column:
    """Declare a column for a list of strings that no model takes apart."""
    return Column(name, Type.STRING, _path(name, path), is_joined=True)


def _path(name: str, path: str | None) -> Path:
    return tuple((name if path is None else path).split("."))


SELF = ""
"""The path of a column whose value is the element itself, where the elements are plain strings."""

RUN_CONTEXT: tuple[Column, ...] = (
    string("provider"),
    string("repository", "repo"),
    string("run_id"),
    integer("run_attempt"),
    string("commit_sha"),
    string("job"),
)
"""Which run a report belongs to; every topic but pipeline_run carries it, as far as it is known."""

LOADER_COLUMNS: tuple[Column, ...] = (
    string("_load_id"),
    integer("_generation"),
    string("_event_id"),
    integer("_source_line"),
    string("_contract"),
    timestamp("_emitted_at", "emitted_at"),
    timestamp("_loaded_at"),
)
"""Written by the loader: the way from a row back to a line of a file."""


@dataclass(frozen=True)
class Table:
    """
    One raw table of a topic.

    `key` names the columns that identify a row; `content_key`, if given, is the one of them that
    holds the sha256 of the canonical event, for reports that have no id of their own. `event_time`
    names the column by which models cut days. `versioned_by` names the field that says when the
    sender made this version, for events that carry such a field of their own: it stands in for an
    `emitted_at` that was not sent.

    `each` makes it a child: one row per element of that list, or per entry of that map (columns
    `key` and `value`), of the event. A second step goes into a list or map of each element, whose
    rows keep the first step's ordinal. A child starts with its parent's key, its event time, and
    `ordinal`, the element's place in the first list, from 1.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    content_key: str | None = None
    event_time: str | None = None
    versioned_by: str | None = None
    each: tuple[Path, ...] = ()
    parent: Table | None = None

    @cached_property
    def inherited(self) -> tuple[Column, ...]:
        """The columns that a child takes from its parent: key and event time."""
        if self.parent is None:
            return ()
        wanted = {*self.parent.key, self.parent.event_time}
        return tuple(column for column in self.parent.own_columns if column.name in wanted)

    @cached_property
    def own_columns(self) -> tuple[Column, ...]:
        """All columns but the loader's, in the order of the table."""
        content = (string(self.content_key),) if self.content_key else ()
        ordinal = (integer("ordinal"),) if self.each else ()
        return (*self.inherited, *ordinal, *content, *self.columns)

    @cached_property
    def all_columns(self) -> tuple[Column, ...]:
        """All columns in the order of the table."""
        return (*self.own_columns, *LOADER_COLUMNS)

    @cached_property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema of a batch of this table."""
        return pa.schema([(column.name, ARROW[column.type]) for column in self.all_columns])


def child(parent: Table, name: str, each: str, columns: Iterable[Column]) -> Table:
    """
    Declare the table of the elements of `each` in the event of `parent`.

    `each` is written `autopsy.root_causes` for a list inside an object, `jobs[].matrix` for the
    lists or maps inside the elements of a list.
    """
    return Table(name, tuple(columns), each=tuple(_path("", step) for step in each.split("[].")), parent=parent)


@dataclass(frozen=True)
class Batch:
    """
    Good events of one topic out of one load, with what the loader knows of each.

    `content_ids` are the digests of the canonical events, filled where the topic has a content key.
    """

    events: Sequence[Event]
    lines: Sequence[int]
    contracts: Sequence[str]
    load_id: str
    generation: int
    loaded_at: datetime
    content_ids: Sequence[str] = field(default=())

    @cached_property
    def event_ids(self) -> Sequence[str]:
        """The identity of each event among all that were ever loaded."""
        prefix = f"{self.load_id}:{self.generation}:"
        return [f"{prefix}{line}" for line in self.lines]


def content_id(event: Event) -> str:
    """Return the identity of a report that has none of its own: the sha256 of its canonical JSON."""
    return digest_of(event)


def tabulate(table: Table, batch: Batch) -> pa.Table:
    """
    Turn a batch of valid events into the rows of one of their topic's tables.

    Raises `ValueError` for a time that no calendar has (which no valid event holds).
    """
    owners, ordinals, elements = _elements(table, batch.events)
    own = _cells(table.columns, elements)
    of_event: dict[str, Sequence[Any]] = {}
    if table.parent is not None:
        of_event = _event_cells(table.parent, table.inherited, batch)
    elif table.content_key:
        of_event[table.content_key] = batch.content_ids
    of_event |= {
        "_event_id": batch.event_ids,
        "_source_line": batch.lines,
        "_contract": batch.contracts,
        "_emitted_at": _emitted(table.parent or table, batch.events),
    }
    constants = {
        "_load_id": batch.load_id,
        "_generation": batch.generation,
        "_loaded_at": batch.loaded_at.replace(tzinfo=None),
    }
    return pa.table(
        [_array(column, own, of_event, constants, owners, ordinals, len(elements)) for column in table.all_columns],
        schema=table.arrow_schema,
    )


def _array(
    column: Column,
    own: Mapping[str, Sequence[Any]],
    of_event: Mapping[str, Sequence[Any]],
    constants: Mapping[str, Any],
    owners: Sequence[int] | None,
    ordinals: Sequence[int],
    count: int,
) -> pa.Array:
    name = column.name
    if name in constants:
        return pa.repeat(pa.scalar(constants[name], ARROW[column.type]), count)
    if name in of_event:
        cells = _typed(column, of_event[name])
        return cells if owners is None else cells.take(pa.array(owners, pa.int32()))
    if name == "ordinal" and owners is not None:
        return pa.array(ordinals, pa.int64())
    return _typed(column, own[name])


def _elements(table: Table, events: Sequence[Event]) -> tuple[Sequence[int] | None, Sequence[int], Sequence[Any]]:
    """
    Return, for each row of `table`, which event it comes from, its ordinal, and the element itself.

    A table that is no child has its events as elements, and no owners.
    """
    if not table.each:
        return None, (), events
    first, *rest = table.each
    owners: list[int] = []
    ordinals: list[int] = []
    elements: list[Any] = []
    for owner, event in enumerate(events):
        for ordinal, element in enumerate(_entries(event, first), 1):
            within = [element]
            for step in rest:
                within = [inner for outer in within for inner in _entries(outer, step)]
            owners.extend([owner] * len(within))
            ordinals.extend([ordinal] * len(within))
            elements.extend(within)
    return owners, ordinals, elements


def _entries(holder: Any, path: Path) -> Sequence[Any]:
    """Return the elements of the list, or the entries of the map, at `path`; none where there is nothing."""
    value = holder
    for name in path:
        value = value.get(name)
        if not value:
            return ()
    if isinstance(value, Mapping):
        return [{"key": key, "value": entry} for key, entry in value.items()]
    return value  # type: ignore[no-any-return]


def _emitted(parent: Table, events: Sequence[Event]) -> Sequence[str | None]:
    """Return when the sender made each version, as far as it says so."""
    if parent.versioned_by is None:
        return [event.get("emitted_at") for event in events]
    return [event.get("emitted_at") or event.get(parent.versioned_by) for event in events]


def _event_cells(parent: Table, columns: Sequence[Column], batch: Batch) -> dict[str, Sequence[Any]]:
    taken = [column for column in columns if column.name != parent.content_key]
    cells = _cells(taken, batch.events)
    if parent.content_key:
        cells[parent.content_key] = batch.content_ids
    return cells


def _cells(columns: Sequence[Column], elements: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """Take the values of `columns` out of `elements`, column by column."""
    inside: dict[Path, Sequence[Any]] = {(): elements}
    cells: dict[str, Sequence[Any]] = {}
    for column in columns:
        *outer, last = column.path
        holders = _holders(inside, tuple(outer))
        values = list(holders) if last == SELF else [holder.get(last) for holder in holders]
        if column.default is not None:
            values = [column.default if value is None else value for value in values]
        if column.is_joined:
            values = [_join(value) for value in values]
        cells[column.name] = values
    return cells


def _holders(inside: dict[Path, Sequence[Any]], path: Path) -> Sequence[Any]:
    """Return the objects at `path` of each element, an empty one where there is none."""
    if path not in inside:
        outer = _holders(inside, path[:-1])
        inside[path] = [holder.get(path[-1]) or _NOTHING for holder in outer]
    return inside[path]


def _join(values: Sequence[str] | None) -> str | None:
    if values is None:
        return None
    return "\n".join(sorted(value.replace("\n", "\\n") for value in values))


def _typed(column: Column, values: Sequence[Any]) -> pa.Array:
    if column.type is Type.TIMESTAMP:
        return _moments(values)
    if column.type is Type.STRING:
        try:
            return pa.array(values, pa.string())
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            return pa.array([_text(value) for value in values], pa.string())
    return pa.array(values, ARROW[column.type])


def _text(value: Any) -> str | None:
    """Write a scalar of an open map as text, the way JSON writes it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _moments(values: Sequence[Any]) -> pa.Array:
    """
    Turn RFC 3339 texts into UTC moments of microseconds.

    Arrow parses the common spellings a hundred times faster than Python; the rest (lower case,
    more than six digits of a second, leap seconds) is parsed one by one.
    """
    try:
        return pa.array(values, pa.string()).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([_moment(value) for value in values], pa.timestamp("us"))


def _moment(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return utc(value).replace(tzinfo=None)
