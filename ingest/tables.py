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
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cache, cached_property
from itertools import repeat
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ci_intel.identities import digest_of
from ci_intel.moments import utc

Event = Mapping[str, Any]
Path = tuple[str, ...]


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
    cells = _cells(table.columns, elements)
    of_event = _event_cells(table, batch)
    if owners is None:
        cells |= of_event
    else:
        places = pa.array(owners, pa.int32())
        cells |= {name: values.take(places) for name, values in of_event.items()}
        cells["ordinal"] = pa.array(ordinals, pa.int64())
    constants = {
        "_load_id": batch.load_id,
        "_generation": batch.generation,
        "_loaded_at": batch.loaded_at.replace(tzinfo=None),
    }
    for column in LOADER_COLUMNS:
        if column.name in constants:
            cells[column.name] = pa.repeat(pa.scalar(constants[column.name], ARROW[column.type]), len(elements))
    return pa.table([cells[column.name] for column in table.all_columns], schema=table.arrow_schema)


def _event_cells(table: Table, batch: Batch) -> dict[str, pa.Array]:
    """Return what all rows of an event share: what a child inherits, and what the loader knows of the event."""
    parent = table.parent or table
    cells: dict[str, pa.Array] = {}
    if table.parent is not None:
        cells = _cells(tuple(column for column in table.inherited if column.name != parent.content_key), batch.events)
    if parent.content_key is not None:
        cells[parent.content_key] = pa.array(batch.content_ids, pa.string())
    return cells | {
        "_event_id": pa.array(batch.event_ids, pa.string()),
        "_source_line": pa.array(batch.lines, pa.int64()),
        "_contract": pa.array(batch.contracts, pa.string()),
        "_emitted_at": _moments(pa.array(_emitted(parent, batch.events), pa.string())),
    }


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
        entries = _entries(event, first)
        places: Iterable[int] = range(1, len(entries) + 1)
        for step in rest:
            inner = [
                (place, within)
                for place, outer in zip(places, entries, strict=True)
                for within in _entries(outer, step)
            ]
            places, entries = [place for place, _ in inner], [within for _, within in inner]
        owners.extend(repeat(owner, len(entries)))
        ordinals.extend(places)
        elements.extend(entries)
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


def _cells(columns: tuple[Column, ...], elements: Sequence[Any]) -> dict[str, pa.Array]:
    """
    Take the values of `columns` out of `elements`, column by column.

    Arrow takes objects apart in one pass, twice as fast as Python does. What it will not (an open
    map's numbers where text is declared, plain strings, lists to be joined) is taken one by one.
    """
    plain = tuple(column for column in columns if not column.is_joined and column.path[-1] != SELF)
    try:
        objects = pa.array(elements, _object_type(plain))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return {column.name: _typed(column, _taken(column, elements)) for column in columns}
    return {
        column.name: _finished(column, pc.struct_field(objects, list(column.path)))
        if column in plain
        else _typed(column, _taken(column, elements))
        for column in columns
    }


@cache
def _object_type(columns: tuple[Column, ...]) -> pa.DataType:
    """Return the type of an object that holds `columns` at their paths; times are still text in it."""
    inside: dict[str, list[Column]] = {}
    for column in columns:
        inside.setdefault(column.path[0], []).append(column)
    return pa.struct([(name, _field_type(members)) for name, members in inside.items()])


def _field_type(members: Sequence[Column]) -> pa.DataType:
    if len(members) == 1 and len(members[0].path) == 1:
        return pa.string() if members[0].type is Type.TIMESTAMP else ARROW[members[0].type]
    return _object_type(tuple(replace(column, path=column.path[1:]) for column in members))


def _taken(column: Column, elements: Sequence[Any]) -> Sequence[Any]:
    """Take one column's values out of `elements`, as they stand."""
    values = elements
    for name in column.path:
        if name != SELF:
            values = [None if value is None else value.get(name) for value in values]
    return [_join(value) for value in values] if column.is_joined else values


def _typed(column: Column, values: Sequence[Any]) -> pa.Array:
    if column.type in (Type.STRING, Type.TIMESTAMP):
        return _finished(column, pa.array([_text(value) for value in values], pa.string()))
    return _finished(column, pa.array(values, ARROW[column.type]))


def _finished(column: Column, values: pa.Array) -> pa.Array:
    if column.default is not None:
        values = values.fill_null(column.default)
    return _moments(values) if column.type is Type.TIMESTAMP else values


def _join(values: Sequence[str] | None) -> str | None:
    if values is None:
        return None
    return "\n".join(sorted(value.replace("\n", "\\n") for value in values))


def _text(value: Any) -> str | None:
    """Write a scalar of an open map as text, the way JSON writes it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _moments(texts: pa.Array) -> pa.Array:
    """
    Turn RFC 3339 texts into UTC moments of microseconds.

    Arrow parses the common spellings a hundred times faster than Python; the rest (lower case,
    more than six digits of a second, leap seconds) is parsed one by one.
    """
    try:
        return texts.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        moments = [None if text is None else utc(text).replace(tzinfo=None) for text in texts.to_pylist()]
        return pa.array(moments, pa.timestamp("us"))
