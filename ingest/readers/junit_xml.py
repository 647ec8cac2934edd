"""
JUnit XML, in the dialects that test tools write: pytest, Surefire, Jest, Bazel, PHPUnit, xUnit, …

There is no standard, only common practice (https://github.com/testmoapp/junitxml). So the cases
are what counts, not the totals that a suite claims: those are often wrong. Each suite that has
cases of its own, or no suites inside, is one event. Cases directly in `testsuites` (Node.js writes
them) are a suite too.

Surefire writes a test that it ran again as one case: with `flakyFailure` or `flakyError` where it
passed in the end, with `rerunFailure` or `rerunError` beside its failure where it never did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any
from xml.etree.ElementTree import Element

from ci_intel.errors import Refused
from ci_intel.moments import utc
from ingest import xmltext
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item
from ingest.readers.mutmut import lists_mutants

FORMAT = "junit_xml"
VERSION = 1
TOPICS = ("test_report",)
OUTSIDE = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")
NEEDS = ("repository",)

_NOT_RUN = frozenset({"disabled", "ignored", "notrun", "skipped", "suppressed"})
_EARLIER_ATTEMPTS = frozenset({"flakyFailure", "flakyError", "rerunFailure", "rerunError"})
_NUMBER = re.compile(r"\b(?:0[xX])?[0-9a-fA-F]*[0-9][0-9a-fA-F]*\b|[0-9]+")
_TOTALS = {
    "tests": "reported_test_count",
    "failures": "reported_failed_test_count",
    "errors": "reported_error_test_count",
}


def recognises(evidence: Evidence) -> bool:
    """Tell a JUnit report by its root; NUnit and others name theirs differently."""
    return evidence.xml_root in ("testsuites", "testsuite") and not lists_mutants(evidence)


@dataclass
class _Suite:
    """A suite that is being read: what its start tag says, and its cases so far."""

    ordinal: int
    path: tuple[str, ...]
    attributes: dict[str, str]
    cases: list[dict[str, Any]] = field(default_factory=list)
    has_suites: bool = False


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """
    Yield each suite run of the report as a `test_report` event.

    Raises `Refused` where the report is not well-formed, nests too deep or has no suite at all.
    """
    suites: list[_Suite] = []
    seen = 0
    yielded = 0
    with evidence.content() as content:
        for moment, element in xmltext.elements(content):
            name = xmltext.local(element)
            if name in ("testsuites", "testsuite"):
                if moment == "start":
                    if len(suites) == evidence.limits.depth:
                        raise Refused("too_deep", f"suites nested deeper than {len(suites)}; raise --max-depth")
                    seen += 1
                    suites.append(_opened(element, suites, seen))
                    continue
                suite = suites.pop()
                element.clear()
                if suite.cases or (name == "testsuite" and not suite.has_suites):
                    yielded += 1
                    yield _event(suite, context)
            elif name == "testcase" and moment == "end" and suites:
                suites[-1].cases.append(_case(element))
                element.clear()
    if not yielded:
        raise Refused("empty_report", "no test suite in it: the tests were not run, or the report was not written")


def _opened(element: Element, outer: list[_Suite], ordinal: int) -> _Suite:
    path: tuple[str, ...] = ()
    if outer:
        outer[-1].has_suites = True
        path = outer[-1].path
    # The name of `testsuites` is that of the tool or of nothing; it names a suite only if it is one.
    is_group = xmltext.local(element) == "testsuites"
    suite_name = _text(element.get("name"))
    return _Suite(ordinal, path if is_group or not suite_name else (*path, suite_name), dict(element.attrib))


def _event(suite: _Suite, context: RunContext) -> dict[str, Any]:
    attributes = suite.attributes
    event: dict[str, Any] = {
        "schema": "test_report.v1.0",
        **context.event_fields(),
        "suite_ordinal": suite.ordinal,
        "cases": suite.cases,
    }
    suite_name = " > ".join(suite.path) or _text(attributes.get("name"))
    optional = {"suite": suite_name, "duration_ms": _milliseconds(attributes.get("time"))}
    # With suites inside, the totals are theirs too.
    if not suite.has_suites:
        optional |= {column: _whole(attributes.get(name)) for name, column in _TOTALS.items()}
        optional["reported_skipped_test_count"] = _whole(attributes.get("skipped", attributes.get("skip")))
    return event | _known(optional) | _start(_text(attributes.get("timestamp")))


def _start(written: str | None) -> dict[str, str]:
    """Return the start: a moment only if the tool wrote an offset, as some write local time and some UTC."""
    if written is None:
        return {}
    try:
        utc(written)
        return {"started_at": written}
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(written)  # Mocha writes the time of an HTTP header.
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        return {"started_at_original": written[:100]}
    return {"started_at": moment.isoformat()}


def _case(element: Element) -> dict[str, Any]:
    parts = {xmltext.local(part): part for part in reversed(element)}
    broken = parts.get("error", parts.get("failure"))
    earlier = [part for part in element if xmltext.local(part) in _EARLIER_ATTEMPTS]
    said = {element.get("status", "").lower(), element.get("result", "").lower()}
    outcome = "passed"
    if broken is not None:
        outcome = "error" if "error" in parts else "failed"
    elif "skipped" in parts or said & _NOT_RUN:
        outcome = "skipped"
    case: dict[str, Any] = {"outcome": outcome}
    optional: dict[str, Any] = {
        "class_name": _text(element.get("classname", element.get("class"))),
        "name": _text(element.get("name")),
        "file": _text(element.get("file")),
        "line": _whole(element.get("line")),
        "duration_ms": _milliseconds(element.get("time")),
    }
    if earlier:
        optional["attempts"] = len(earlier) + 1
        broken = broken if broken is not None else earlier[0]
    if broken is not None:
        optional["failure_type"] = _text(broken.get("type"))
        optional["failure_fingerprint"] = fingerprint(broken.get("type"), broken.get("message") or _first_line(broken))
    return case | _known(optional)


def fingerprint(failure_type: str | None, message: str | None) -> str | None:
    """
    Return the sha256 of a failure without what differs from run to run; None if nothing is said.

    Words with a slash (paths, URLs) become `<path>`, numbers and hexadecimal ones `#`, white space
    one space.
    """
    words = f"{failure_type or ''} {message or ''}".split()
    text = " ".join("<path>" if "/" in word or "\\" in word else word for word in words)
    return sha256(_NUMBER.sub("#", text).encode()).hexdigest() if text else None


def _first_line(element: Element) -> str | None:
    return next((line.strip() for line in (element.text or "").splitlines() if line.strip()), None)


def _milliseconds(seconds: str | None) -> int | None:
    """
    Return seconds as milliseconds; None if they are missing, negative or not to be understood.

    Surefire groups thousands with commas (`1,234.567`), other locales write a decimal comma
    (`0,5`): a comma that may be either (`1,234`) says nothing.
    """
    text = (seconds or "").strip()
    if "." in text:
        text = text.replace(",", "")
    elif re.fullmatch(r"[1-9][0-9]{0,2}(,[0-9]{3})+", text):
        return None
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    if not value.is_finite() or not 0 <= value < 10**12:
        return None
    return round(value * 1000)


def _whole(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,15}", text.strip(), re.ASCII) else None


def _text(text: str | None) -> str | None:
    """Return `text` without white space around it; None if nothing is left."""
    return (text or "").strip() or None


def _known(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
