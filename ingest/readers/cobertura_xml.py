"""
Cobertura XML, as Cobertura and the many tools that imitate it write it.

Source: coverage-04.dtd. The rates and totals in it are rounded, missing or of other tools' making,
so lines are counted here, each once: templates and generics repeat a line within a class, and a
file may hold several classes. A class lists its lines itself, or, with some tools, only under its
methods.
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

FORMAT = "cobertura_xml"
VERSION = 1
TOPICS = ("coverage_report",)
OUTSIDE = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")
NEEDS = ("repository",)

_TOTALS = {
    "lines_valid": "lines-valid",
    "lines_covered": "lines-covered",
    "branches_valid": "branches-valid",
    "branches_covered": "branches-covered",
}
_START_TAG = re.compile(rb"<coverage\b[^>]*>")
_CONDITIONS = re.compile(r"\(([0-9]{1,9})/([0-9]{1,9})\)", re.ASCII)
_FIRST_MILLISECONDS = 10**11
"""Tools write seconds or milliseconds; as seconds, greater numbers are after the year 5000."""


def recognises(evidence: Evidence) -> bool:
    """Tell the report by its root and its rates; Clover's root is `coverage` too, but has none."""
    if evidence.xml_root != "coverage":
        return False
    tag = _START_TAG.search(evidence.head)
    return tag is not None and b"line-rate" in tag.group()


@dataclass
class _Line:
    """A line of a file, over all the places where the report lists it."""

    is_covered: bool = False
    branches: int = 0
    covered_branches: int = 0

    def add(self, element: Element) -> None:
        """Add one more listing: the best of each, since every listing is of the same line."""
        self.is_covered = self.is_covered or _count(element.get("hits")) > 0
        conditions = _CONDITIONS.search(element.get("condition-coverage", ""))
        if conditions:
            self.covered_branches = max(self.covered_branches, int(conditions.group(1)))
            self.branches = max(self.branches, int(conditions.group(2)))


@dataclass
class _Report:
    """What was read so far: the root's attributes, and the lines of each file by their number."""

    totals: dict[str, int] = field(default_factory=dict)
    timestamp: str = ""
    files: dict[tuple[str, str], dict[str, _Line]] = field(default_factory=dict)


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """
    Yield the report as one `coverage_report` event.

    Raises `Refused` where the report is not well-formed, or tells of no line at all.
    """
    report = _Report()
    with evidence.content() as content:
        for moment, element in xmltext.elements(content):
            name = xmltext.local(element)
            if moment == "start" and name == "coverage":
                report.totals = {
                    ours: int(element.get(theirs, ""))
                    for ours, theirs in _TOTALS.items()
                    if re.fullmatch(r"[0-9]{1,15}", element.get(theirs, ""), re.ASCII)
                }
                report.timestamp = element.get("timestamp", "")
            elif moment == "end" and name == "class":
                _add_class(report.files, element)
                element.clear()
    has_branches = "branches_valid" in report.totals or any(
        line.branches for lines in report.files.values() for line in lines.values()
    )
    files = [_file(path, lines, has_branches) for (path, _), lines in report.files.items() if lines]
    if not files and not report.totals.get("lines_valid"):
        raise Refused("empty_report", "no line in it: nothing was measured, which is not a coverage of any percentage")
    yield {
        "schema": "coverage_report.v1.0",
        **context.event_fields(),
        **_time(report.timestamp),
        **report.totals,
        "files": files,
    }


def _add_class(files: dict[tuple[str, str], dict[str, _Line]], element: Element) -> None:
    path = (element.get("filename") or "").strip().replace("\\", "/")
    # Classes without a file are files of their own, as far as anyone can tell.
    lines = files.setdefault((path, "" if path else element.get("name") or ""), {})
    listed = element.findall("{*}lines/{*}line") or element.findall("{*}methods/{*}method/{*}lines/{*}line")
    for line in listed:
        lines.setdefault(line.get("number", ""), _Line()).add(line)


def _file(path: str, lines: dict[str, _Line], has_branches: bool) -> dict[str, Any]:
    file: dict[str, Any] = {
        "lines_valid": len(lines),
        "lines_covered": sum(line.is_covered for line in lines.values()),
    }
    if path:
        file["path"] = path
    if has_branches:
        file["branches_valid"] = sum(line.branches for line in lines.values())
        file["branches_covered"] = sum(line.covered_branches for line in lines.values())
    return file


def _time(timestamp: str) -> dict[str, str]:
    """Return the moment of an epoch in seconds or milliseconds; nothing if it is neither."""
    if not re.fullmatch(r"[1-9][0-9]{7,13}", timestamp, re.ASCII):
        return {}
    value = int(timestamp)
    seconds, milliseconds = divmod(value, 1000) if value > _FIRST_MILLISECONDS else (value, 0)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)
    return {"generated_at": moment.isoformat()}


def _count(text: str | None) -> int:
    """Return how often a line was hit; hits that are no number are none."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) else 0
