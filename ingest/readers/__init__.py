"""
Readers: one pure module per format, a tool's own report in, events of a contract out.

A reader module has

    FORMAT        its name, as the tool writes itself
    VERSION       raised whenever the same bytes give other events than before
    TOPICS        the topics of the events it yields
    OUTSIDE       the context fields it takes from outside of the file, () if its events say their own
    NEEDS         those of them that it cannot do without
    recognises(evidence)        whether this is its format, judged by content, never by name
    read(evidence, context)     yields events (dicts with `schema`), or `Malformed` for what cannot
                                become one; raises `Refused` if the file as a whole is no evidence

and is listed in `FORMATS` below. An event that a reader yields is held against its contract like
any other. What the report does not say is left out, never invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from ingest.context import RunContext
from ingest.evidence import Evidence

FORMATS: tuple[str, ...] = (
    # In the order in which they are asked.
    "hub",
    "github_rest",
    "catalogue",
    "junit_xml",
    "cobertura_xml",
    "coverage_py",
    "stryker_json",
    "cyclonedx_json",
    "grype_json",
    "trivy_json",
    "openvex",
    "chaostoolkit",
    "dbt_run_results",
)


@dataclass(frozen=True)
class Malformed:
    """A part of a report that cannot become an event: what is wrong, and the part's own bytes."""

    code: str
    message: str
    pointer: str = ""
    content: bytes = b""


Item = dict[str, Any] | Malformed


@dataclass(frozen=True)
class Reader:
    """A format as loading needs it."""

    format: str
    version: int
    topics: tuple[str, ...]
    outside: tuple[str, ...]
    needs: tuple[str, ...]
    recognises: Callable[[Evidence], bool]
    read: Callable[[Evidence, RunContext], Iterator[Item]]


@cache
def reader(name: str) -> Reader:
    """Return the reader of the format `name`, one of `FORMATS`."""
    module = import_module(f"ingest.readers.{name}")
    return Reader(
        module.FORMAT,
        module.VERSION,
        module.TOPICS,
        module.OUTSIDE,
        module.NEEDS,
        module.recognises,
        module.read,
    )
