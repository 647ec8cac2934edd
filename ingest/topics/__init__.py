"""
Topics: one pure module per kind of evidence.

A topic module has

    TABLES                    its raw tables, the parent first (see `ingest.tables`)
    contradictions(event)     optional: how a valid event contradicts itself
    observed(event, moment)   optional: the event with the time it lacks, taken from its file

and is found by its topic's name in `schema/registry.json`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from typing import Any

from ci_intel import contracts
from ci_intel.contracts import Violation
from ci_intel.errors import RegistryBroken
from ingest.tables import Event, Table


@dataclass(frozen=True)
class Topic:
    """A topic as loading needs it: its tables, and what else makes an event bad."""

    name: str
    tables: tuple[Table, ...]
    contradictions: Callable[[Event], Iterator[Violation]]
    observed: Callable[[Event, str], Event]

    @property
    def content_key(self) -> str | None:
        """The column for the digest of the event, where that is its only identity."""
        return self.tables[0].content_key

    @cached_property
    def event_time(self) -> Any:
        """The column by which models cut days."""
        return next(column for column in self.tables[0].columns if column.name == self.tables[0].event_time)


@cache
def topic(name: str) -> Topic:
    """
    Return the registered topic `name`.

    Raises `RegistryBroken` if its module is missing, or declares other tables than the registry.
    """
    try:
        module = import_module(f"ingest.topics.{name}")
    except ModuleNotFoundError as error:
        raise RegistryBroken(f"schema/registry.json lists {name}, but there is no ingest/topics/{name}.py") from error
    tables: tuple[Table, ...] = module.TABLES
    if tuple(table.name for table in tables) != contracts.topics()[name].raw_tables:
        raise RegistryBroken(f"ingest/topics/{name}.py declares other tables than schema/registry.json")
    return Topic(
        name,
        tables,
        getattr(module, "contradictions", _none),
        getattr(module, "observed", _as_it_is),
    )


def all_topics() -> Mapping[str, Topic]:
    """Return every registered topic by name."""
    return {name: topic(name) for name in contracts.topics()}


def _none(_event: Event) -> Iterator[Violation]:
    return iter(())


def _as_it_is(event: Event, _moment: str) -> Event:
    return event
