"""
The gate: which events of a load are good, and what is wrong with the others.

Everything here is pure, so that the work on a long file can be shared among processes.
"""

from __future__ import annotations

import gc
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
import pyarrow as pa

from ci_intel import contracts
from ci_intel.redact import redact
from ingest import jsontext, topics
from ingest.binding import Foreign, bound
from ingest.checks import instant
from ingest.context import RunContext
from ingest.context_policy import NOT_ACCEPTED, ContextPolicy
from ingest.lines import Chunk
from ingest.readers import Item, Malformed
from ingest.tables import Batch, content_id, tabulate

CLOCK_SKEW = timedelta(minutes=10)
CONTENT_LIMIT = 4096
NO_TOPIC = "(none)"
_SHOWN_VIOLATIONS = 3
_NUMBER = re.compile(r"(?<=/)[0-9]+")
_BLANKS = b" \t\r"
# Years in which an offset may lead out of the calendar; and escapes, which may hide one.
_EDGES_OF_CALENDAR = (b'"0000-', b'"0001-', b'"9999-', b"\\u")

Origin = tuple[str, bool]
"""What an event says it is of: its topic, as far as it can be told, and whether its repository is simulated."""


@dataclass(frozen=True)
class Load:
    """
    One reading of one file, as its rows know it.

    `loaded_at` is what the rows carry; `now` bounds what can already have happened; `observed_at` is
    the time of the file, for reports that have none of their own. `binding` is the run that every
    event has to be of, where the provider named it. `given` is what was said about the file, and `policy` for
    which repositories that counts. `doubted` are lines that a policy did not believe, and why: they stay rejected.
    """

    load_id: str
    generation: int
    loaded_at: datetime
    now: datetime
    observed_at: datetime
    depth: int
    binding: RunContext | None = None
    given: RunContext = field(default_factory=RunContext)
    policy: ContextPolicy = field(default_factory=ContextPolicy)
    doubted: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reject:
    """One bad event: where it stands, what is wrong, and its bytes, bounded and without secrets."""

    line: int
    code: str
    message: str
    pointer: str = ""
    byte_offset: int | None = None
    content: str = ""

    @property
    def reason(self) -> tuple[str, str]:
        """What is wrong, and with which field: the same for elements of one list."""
        return self.code, _NUMBER.sub("*", self.pointer)


@dataclass
class Prepared:
    """
    A part of a load, ready to be written: the rows of its good events, and its rejects.

    `loaded_of` and `rejected_of` count them by what they are of.
    """

    events: int = 0
    rows: dict[str, pa.Table] = field(default_factory=dict)
    contracts: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    loaded_of: Counter[Origin] = field(default_factory=Counter)
    rejected_of: Counter[Origin] = field(default_factory=Counter)

    @property
    def loaded(self) -> int:
        """How many events became rows."""
        return self.contracts.total()


class _Bad(Exception):
    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.pointer = pointer


@dataclass
class _Good:
    """The good events of one topic, before they are columns."""

    events: list[Mapping[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    contracts: list[str] = field(default_factory=list)
    content_ids: list[str] = field(default_factory=list)


@contextmanager
def _no_collection() -> Iterator[None]:
    """
    Pause the search for reference cycles: JSON has none, and it would walk every event again and again.

    It takes a fifth of the time otherwise.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_no_collection()
def prepare_lines(chunk: Chunk, load: Load) -> Prepared:
    """Judge the events of a chunk of lines; the unit of work that other processes are given."""
    prepared = Prepared()
    good: dict[str, _Good] = {}
    offset = chunk.offset
    for line, text in enumerate(chunk.text.split(b"\n"), chunk.first_line):
        stripped = text.strip(_BLANKS)
        if stripped:
            prepared.events += 1
            event: Any = None
            try:
                if chunk.is_overlong:
                    raise _Bad("too_long", "the line is longer than allowed; raise --max-line-bytes")
                # Every number of a contract is bounded: the search for large integers can be spared.
                event = jsontext.parse(stripped, load.depth, checks_integers=False)
                _admit(event, stripped, line, load, good)
            except jsontext.NotJson as error:
                prepared.rejects.append(Reject(line, error.code, redact(error.message), "", offset, _excerpt(stripped)))
                prepared.rejected_of[_origin_of(event)] += 1
            except _Bad as error:
                code, message = _or_integer(error, stripped, load.depth)
                prepared.rejects.append(Reject(line, code, redact(message), error.pointer, offset, _excerpt(stripped)))
                prepared.rejected_of[_origin_of(event)] += 1
        if chunk.is_overlong:
            break
        offset += len(text) + 1
    return _as_rows(prepared, good, load)


@_no_collection()
def prepare_items(items: Iterable[tuple[int, Item]], load: Load) -> Prepared:
    """Judge what a reader took out of a report; each item comes with its ordinal."""
    prepared = Prepared()
    good: dict[str, _Good] = {}
    for ordinal, item in items:
        prepared.events += 1
        if isinstance(item, Malformed):
            prepared.rejects.append(
                Reject(ordinal, item.code, redact(item.message), item.pointer, None, _excerpt(item.content))
            )
            prepared.rejected_of[_origin_of(None)] += 1
            continue
        try:
            _admit(item, _written(item), ordinal, load, good)
        except _Bad as error:
            prepared.rejects.append(
                Reject(ordinal, error.code, redact(error.message), error.pointer, None, _excerpt(_written(item)))
            )
            prepared.rejected_of[_origin_of(item)] += 1
    return _as_rows(prepared, good, load)


def _admit(event: Any, text: bytes, line: int, load: Load, good: dict[str, _Good]) -> None:
    """Add a good event, written as `text`, to `good`; raise `_Bad` with the reason for a bad one."""
    if load.binding is not None:
        event = _bound(event, load.binding)
    # Before anything else: what is rejected for its contract may be read again when that is mended.
    _check_word(event, line, load)
    name = _contract_of(event)
    topic = topics.topic(name.partition(".")[0])
    timed = topic.observed(event, load.observed_at.isoformat())
    if not contracts.is_valid(name, timed):
        raise _broken(name, contracts.violations(name, timed))
    if any(edge in text for edge in _EDGES_OF_CALENDAR) and (found := contracts.beyond_calendar(name, timed)):
        raise _broken(name, found)
    for contradiction in topic.contradictions(timed):
        raise _Bad("contradiction", contradiction.message, contradiction.pointer)
    _check_clock(timed, topic, load.now)

    of_topic = good.setdefault(topic.name, _Good())
    of_topic.events.append(timed)
    of_topic.lines.append(line)
    of_topic.contracts.append(name)
    if topic.content_key:
        # Without the observed time: the same report, found in another file, is the same.
        of_topic.content_ids.append(content_id(event))


def _check_word(event: Any, line: int, load: Load) -> None:
    doubt = load.doubted.get(line)
    if doubt is None and isinstance(event, Mapping):
        doubt = load.policy.refuses(event, load.given)
    if doubt is not None:
        raise _Bad(NOT_ACCEPTED, doubt, "/repo")


def _bound(event: Any, context: RunContext) -> Any:
    try:
        return bound(event, context)
    except Foreign as foreign:
        raise _Bad(foreign.code, foreign.message, foreign.pointer) from foreign


def _contract_of(event: Any) -> str:
    if not isinstance(event, dict):
        raise _Bad("not_an_object", "an event is a JSON object")
    name = event.get("schema")
    if not isinstance(name, str):
        raise _Bad("no_contract", 'the event names no contract in "schema"; `ci-intel topics` lists them', "/schema")
    if name in contracts.contracts():
        return name
    topic, _, version = name.partition(".")
    known = contracts.topics().get(topic)
    if known is None:
        raise _Bad(
            "unknown_contract",
            f"no contract is called {topic!r}; known: {', '.join(contracts.topics())}",
            "/schema",
        )
    versions = ", ".join(contract.version for contract in known.contracts)
    raise _Bad("unknown_version", f"{topic} has no version {version!r}; known: {versions}", "/schema")


def _broken(name: str, found: Sequence[contracts.Violation]) -> _Bad:
    message = "; ".join(f"{violation.pointer or '/'}: {violation.message}" for violation in found[:_SHOWN_VIOLATIONS])
    more = f" (and {len(found) - _SHOWN_VIOLATIONS} more)" if len(found) > _SHOWN_VIOLATIONS else ""
    return _Bad("contract", f"{name}: {message[:1000]}{more}", found[0].pointer if found else "")


def _check_clock(event: Mapping[str, Any], topic: topics.Topic, now: datetime) -> None:
    column = topic.event_time
    value: Any = event
    for name in column.path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, str) and instant(value) > now + CLOCK_SKEW:
        pointer = "/" + "/".join(column.path)
        raise _Bad(
            "in_the_future",
            f"{value} is more than ten minutes in the future; check the sender's clock; "
            "if it is this machine's that was wrong, set it, and then `ci-intel reload --rejected`",
            pointer,
        )


def _or_integer(error: _Bad, text: bytes, depth: int) -> tuple[str, str]:
    """Say so if what breaks the contract is an integer beyond 64 bits, which the fast parser cannot see."""
    if error.code != "contract":
        return error.code, error.message
    try:
        jsontext.parse(text, depth)
    except jsontext.NotJson as closer:
        return closer.code, closer.message
    return error.code, error.message


def _as_rows(prepared: Prepared, good: Mapping[str, _Good], load: Load) -> Prepared:
    for name, events in good.items():
        batch = Batch(
            events.events,
            events.lines,
            events.contracts,
            load.load_id,
            load.generation,
            load.loaded_at,
            events.content_ids,
        )
        prepared.loaded_of.update(_origin_of(event) for event in events.events)
        prepared.contracts.update(events.contracts)
        for table in topics.topic(name).tables:
            rows = tabulate(table, batch)
            if rows.num_rows:
                prepared.rows[table.name] = rows
    return prepared


def _origin_of(event: Any) -> Origin:
    if not isinstance(event, Mapping):
        return NO_TOPIC, False
    topic = str(event.get("schema")).partition(".")[0]
    return topic if topic in contracts.topics() else NO_TOPIC, str(event.get("repo")).startswith("simulated/")


def _written(event: Any) -> bytes:
    try:
        return orjson.dumps(event, default=str)
    except TypeError:
        # What a reader reckoned may be beyond 64 bits; every number of a contract is bounded, so it will be rejected.
        return json.dumps(event, default=str).encode()


def _excerpt(content: bytes) -> str:
    # Redacted before it is cut, or half a token would pass for none.
    text = redact(content[: 4 * CONTENT_LIMIT].decode("utf-8", "backslashreplace"))
    return text if len(text) <= CONTENT_LIMIT else text[:CONTENT_LIMIT] + "…"
