"""
JaCoCo's XML report, which Gradle, Maven, Pester and others write.

Source: JaCoCo, report.dtd, "JACOCO//DTD Report 1.1". Its document type names a DTD, which is never
fetched. It has no rates, only counters of what was missed and covered; the counters of a source file
count each of its lines once, those of its classes and methods count some of them again. Groups (the
modules of a build) nest; their packages are told apart by their place, not by their name.

A report without source files (the classes had no debug information) has totals only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element

from ci_intel.errors import Refused
from ingest import xmltext
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item

FORMAT = "jacoco_xml"
VERSION = 1
TOPICS = ("coverage_report",)
OUTSIDE = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")
NEEDS = ("repository",)

_KINDS = {"LINE": "lines", "BRANCH": "branches"}
_DOCTYPE = b"//JACOCO//DTD"
_PARTS = re.compile(rb"<report\b[^<>]*\bname=[^<>]*>\s*(?:<(?:sessioninfo|group|package|counter)\b|</report>)")
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)
_LAST_MILLISECOND = 253402300799999


def recognises(evidence: Evidence) -> bool:
    """Tell the report by its document type, or by what stands first in it: many tools have a root `report`."""
    if evidence.xml_root != "report":
        return False
    return _DOCTYPE in evidence.head.partition(b"<report")[0] or _PARTS.search(evidence.head) is not None


@dataclass
class _Report:
    """What was read so far: the elements that are open, totals, files, and the last moment of measuring."""

    open: list[Element] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    measured_ms: int = 0


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """
    Yield the report as one `coverage_report` event.

    Raises `Refused` where the report is not well-formed, nests too deep, counts in no numbers, or tells
    of no line at all.
    """
    report = _Report()
    with evidence.content() as content:
        for moment, element in xmltext.elements(content):
            if moment == "start":
                if len(report.open) == evidence.limits.depth:
                    raise Refused("too_deep", f"elements nested deeper than {len(report.open)}; raise --max-depth")
                report.open.append(element)
            else:
                report.open.pop()
                _take(report, element)
    if not report.totals.get("lines_valid") and not any(file["lines_valid"] for file in report.files):
        raise Refused("empty_report", "no line in it: nothing was measured, which is not a coverage of any percentage")
    event: dict[str, Any] = {
        "schema": "coverage_report.v1.0",
        **context.event_fields(),
        "tool": "jacoco",
        **report.totals,
        "files": report.files,
    }
    if report.measured_ms:
        event["generated_at"] = _moment(report.measured_ms)
    yield event


def _take(report: _Report, element: Element) -> None:
    name = xmltext.local(element)
    outer = xmltext.local(report.open[-1]) if report.open else ""
    if name == "sessioninfo":
        dumped = _count(element.get("dump"))
        report.measured_ms = max(report.measured_ms, dumped if dumped <= _LAST_MILLISECOND else 0)
    elif name == "counter" and outer == "report":
        report.totals |= _counted(element)
    elif name == "sourcefile" and outer == "package":
        file = _file(report.open[-1].get("name"), element)
        if file:
            report.files.append(file)
    if name in ("sourcefile", "class", "package", "group"):
        element.clear()


def _file(package: str | None, element: Element) -> dict[str, Any] | None:
    """Return a source file's lines and branches, from its counters, else from its lines; None if it has none."""
    counts: dict[str, int] = {}
    for counter in element.findall("{*}counter"):
        counts |= _counted(counter)
    lines = element.findall("{*}line")
    if "lines_valid" not in counts:
        counts["lines_valid"] = len({line.get("nr") for line in lines})
        counts["lines_covered"] = len({line.get("nr") for line in lines if _count(line.get("ci"))})
    if not counts["lines_valid"]:
        return None
    path = "/".join(part for part in ((package or "").strip("/"), (element.get("name") or "").strip()) if part)
    return {"path": path, **counts} if path else counts


def _counted(counter: Element) -> dict[str, int]:
    kind = _KINDS.get(counter.get("type", ""))
    if kind is None:
        return {}
    missed, covered = counter.get("missed", ""), counter.get("covered", "")
    if not _NUMBER.fullmatch(missed) or not _NUMBER.fullmatch(covered):
        raise Refused("malformed_counter", f"a counter of {missed[:40]!r} missed and {covered[:40]!r} covered")
    return {f"{kind}_valid": int(missed) + int(covered), f"{kind}_covered": int(covered)}


def _count(text: str | None) -> int:
    return int(text) if text and _NUMBER.fullmatch(text) else 0


def _moment(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest * 1000).isoformat()
