"""
LCOV's tracefile, which gcov, Istanbul, coverage.py, Bazel, Dart and others write.

Source: geninfo(1), "Files". Lines (`DA`) and branches (`BRDA`) are counted here, each once: a source
file may have several records, one per test, and the sums in them (`LF`, `LH`, `BRF`, `BRH`) are of one
record only. They are taken where a file has no lines or branches of its own.

A record ends with `end_of_record`; a file that ends without was cut short, and its coverage would be too
high or too low by whatever is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ci_intel.errors import Refused
from ingest.context import RunContext
from ingest.evidence import BYTE_ORDER_MARK, Evidence
from ingest.readers import Item, Malformed

FORMAT = "lcov"
VERSION = 1
TOPICS = ("coverage_report",)
OUTSIDE = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")
NEEDS = ("repository",)

_BEGINNING = re.compile(rb"\s*(?:#[^\n]*\n\s*)*(?:TN:[^\n]*\r?\n\s*)*SF:[^\r\n]+\r?\n(?:[A-Z]{2,5}:|end_of_record)")
_LINE = re.compile(r"([0-9]{1,9}),(-?[0-9]{1,24})(?:,[^,]*)?", re.ASCII)
_BRANCH = re.compile(r"([0-9]{1,9}),(e?[0-9]{1,20}),(.{0,200}),(-|[0-9]{1,24})", re.ASCII)
_SUM = re.compile(r"[0-9]{1,15}", re.ASCII)
_SUMS = {"LF": "lines_valid", "LH": "lines_covered", "BRF": "branches_valid", "BRH": "branches_covered"}


def recognises(evidence: Evidence) -> bool:
    """Tell the tracefile by its first record."""
    return _BEGINNING.match(evidence.head.removeprefix(BYTE_ORDER_MARK)) is not None


@dataclass
class _File:
    """A source file over all its records: whether each line and each branch was ever taken."""

    lines: dict[str, bool] = field(default_factory=dict)
    branches: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    sums: dict[str, int] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """Return lines and branches, as listed, else as summed up."""
        counts = {"lines_valid": 0, "lines_covered": 0, **self.sums}
        if self.lines:
            counts |= {"lines_valid": len(self.lines), "lines_covered": sum(self.lines.values())}
        if self.branches:
            counts |= {"branches_valid": len(self.branches), "branches_covered": sum(self.branches.values())}
        return counts


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """
    Yield the tracefile as one `coverage_report` event.

    Raises `Refused` where it is cut short, or tells of no line at all.
    """
    files: dict[str, _File] = {}
    current: _File | None = None
    # Not `splitlines`, which also breaks a path at separators that only Unicode has.
    for place, line in enumerate(_text(evidence).split("\n"), 1):
        name, _, value = line.strip().partition(":")
        if name == "SF":
            current = files.setdefault(value.strip().replace("\\", "/"), _File())
        elif name == "end_of_record":
            current = None
        elif name in ("DA", "BRDA", *_SUMS) and not (current and _taken(current, name, value.strip())):
            yield Malformed("malformed_line", f"line {place} is no {name} of a source file: {line[:80]!r}", f"/{place}")
            return
    if current is not None:
        raise Refused("cut_short", "the last record has no end: the file was cut short")
    counted = [{"path": path, **file.counts()} if path else file.counts() for path, file in files.items()]
    with_lines = [file for file in counted if file["lines_valid"]]
    if not with_lines:
        raise Refused("empty_report", "no line in it: nothing was measured, which is not a coverage of any percentage")
    event: dict[str, Any] = {"schema": "coverage_report.v1.0", **context.event_fields(), "files": with_lines}
    yield event


def _text(evidence: Evidence) -> str:
    try:
        return evidence.document().decode()
    except UnicodeDecodeError as error:
        raise Refused("not_utf8", f"not UTF-8: {error.reason} (byte {error.start})") from error


def _taken(file: _File, name: str, value: str) -> bool:
    """Add what a line says of a file; tell whether it could be understood."""
    if name == "DA":
        match = _LINE.fullmatch(value)
        if match:
            # A negative count is gcov's, of an overflow: nothing is known to have been run.
            file.lines[match[1]] = file.lines.get(match[1], False) or int(match[2]) > 0
        return match is not None
    if name == "BRDA":
        match = _BRANCH.fullmatch(value)
        if match:
            key = (match[1], match[2], match[3])
            file.branches[key] = file.branches.get(key, False) or match[4] not in ("-", "0")
        return match is not None
    if not _SUM.fullmatch(value):
        return False
    # Of several records, the greatest sum is the nearest to their union that can be known.
    file.sums[_SUMS[name]] = max(file.sums.get(_SUMS[name], 0), int(value))
    return True
