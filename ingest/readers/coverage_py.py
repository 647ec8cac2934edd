"""
coverage.py's JSON report, formats 2 and 3 (`coverage json`).

Source: coverage.py, "JSON reporting". Its `percent_covered` mixes lines with branches, so only
counts are taken. Its `timestamp` is local time without an offset, which is no moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ci_intel.errors import Refused
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item, Malformed

FORMAT = "coverage_py"
VERSION = 1
TOPICS = ("coverage_report",)
OUTSIDE = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")
NEEDS = ("repository",)

_FORMATS = (2, 3)
_COUNTS = {
    "lines_valid": "num_statements",
    "lines_covered": "covered_lines",
    "branches_valid": "num_branches",
    "branches_covered": "covered_branches",
}


def recognises(evidence: Evidence) -> bool:
    """Tell the report by its `meta`, `files` and `totals`, and by their own shape."""
    if not evidence.head.lstrip().startswith(b"{"):
        return False
    try:
        report = evidence.json
    except Refused:
        return b'"branch_coverage"' in evidence.head and b'"show_contexts"' in evidence.head
    return (
        isinstance(report, dict)
        and {"meta", "files", "totals"} <= report.keys()
        and isinstance(report["meta"], dict)
        and "version" in report["meta"]
        and isinstance(report["files"], dict)
        and isinstance(report["totals"], dict)
    )


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """
    Yield the report as one `coverage_report` event.

    Raises `Refused` for other formats than 2 and 3, and for a report of no file.
    """
    report = evidence.json
    meta = report["meta"]
    if meta.get("format") not in _FORMATS:
        raise Refused(
            "unsupported_version",
            f"JSON format {meta.get('format')!r}; formats 2 and 3 are read: use coverage.py 7 or newer",
        )
    if not report["files"]:
        raise Refused("empty_report", "no file in it: nothing was measured, which is not a coverage of any percentage")
    event: dict[str, Any] = {
        "schema": "coverage_report.v1.0",
        **context.event_fields(),
        "tool": "coverage.py",
        "tool_version": str(meta["version"]),
        "files": [],
    }
    if meta.get("timestamp"):
        event["generated_at_original"] = str(meta["timestamp"])
    event |= _counts(report["totals"])
    for path, file in report["files"].items():
        summary = file.get("summary") if isinstance(file, dict) else None
        if not isinstance(summary, dict):
            yield Malformed("no_summary", "a file without its `summary`", f"/files/{_escaped(path)}/summary")
            return
        event["files"].append({"path": path.replace("\\", "/"), **_counts(summary)})
    yield event


def _counts(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Take lines, and branches where they were measured."""
    return {name: summary[key] for name, key in _COUNTS.items() if key in summary}


def _escaped(key: str) -> str:
    """Write a key as a step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
