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

from collections.abc import Callable, Iterator, Mapping
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
    "github_webhook",
    "gitlab_rest",
    "jenkins_json",
    "pagerduty",
    "jira",
    "cdevents",
    "junit_xml",
    "mutmut",
    "cobertura_xml",
    "jacoco_xml",
    "lcov",
    "coverage_py",
    "stryker_json",
    "pit_xml",
    "cyclonedx_json",
    "grype_json",
    "trivy_json",
    "openvex",
    "chaostoolkit",
    "dbt_run_results",
    # Last, for what it needs takes long to import.
    "catalogue",
)

BEGINNINGS: Mapping[str, bytes] = {
    # The first bytes that a format may begin with. It is not asked about anything else, which spares
    # importing it for each small file; a format that is not listed is asked about everything.
    **dict.fromkeys(("junit_xml", "cobertura_xml", "jacoco_xml", "pit_xml"), b"<"),
    **dict.fromkeys(
        ("github_rest", "github_webhook", "gitlab_rest", "jenkins_json", "pagerduty", "jira", "cdevents"), b"{["
    ),
    **dict.fromkeys(
        ("coverage_py", "stryker_json", "cyclonedx_json", "grype_json", "openvex", "chaostoolkit", "dbt_run_results"),
        b"{",
    ),
    "lcov": b"TS#",
}


@dataclass(frozen=True)
class Malformed:
    """A part of a report that cannot become an event: what is wrong, and the part's own bytes."""

    code: str
    message: str
    pointer: str = ""
    content: bytes = b""


Item = dict[str, Any] | Malformed


_FLAGS = {"repo": ("repository", "--repository"), "commit_sha": ("commit", "--commit")}


def incomplete(event: Mapping[str, Any], pointer: str, content: bytes) -> Malformed | None:
    """
    Return what to do about an event that does not know its repository or its commit; None if it does.

    For readers that take these from outside only where the evidence does not say them.
    """
    required = ("repo", "commit_sha") if str(event.get("schema")).startswith("pipeline_run.") else ("repo",)
    missing = [_FLAGS[name] for name in required if name not in event]
    if not missing:
        return None
    names, flags = (" and ".join(words) for words in zip(*missing, strict=True))
    return Malformed(
        "missing_context", f"it does not say its {names}; load it by itself with {flags}", pointer, content
    )


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
