"""Coverage reports: how much of each file the tests ran."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.tables import RUN_CONTEXT, Event, Table, child, integer, string, timestamp

REPORTS = Table(
    "coverage_reports",
    key=("coverage_report_id",),
    content_key="coverage_report_id",
    event_time="generated_at",
    columns=(
        *RUN_CONTEXT,
        string("target"),
        string("tool"),
        string("tool_version"),
        timestamp("generated_at"),
        string("generated_at_original"),
        integer("reported_line_count", "lines_valid"),
        integer("reported_covered_line_count", "lines_covered"),
        integer("reported_branch_count", "branches_valid"),
        integer("reported_covered_branch_count", "branches_covered"),
    ),
)

FILES = child(
    REPORTS,
    "coverage_files",
    "files",
    [
        string("file_path", "path"),
        integer("line_count", "lines_valid"),
        integer("covered_line_count", "lines_covered"),
        integer("branch_count", "branches_valid"),
        integer("covered_branch_count", "branches_covered"),
    ],
)

TABLES = (REPORTS, FILES)


def observed(event: Event, moment: str) -> Event:
    """Return the event with `moment` as its time, where the report names none."""
    return event if "generated_at" in event else {**event, "generated_at": moment}


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield where more is covered than there is, in the totals or in a file."""
    yield from _excess(event, "")
    for place, file in enumerate(event["files"]):
        yield from _excess(file, f"/files/{place}")


def _excess(counted: Event, pointer: str) -> Iterator[Violation]:
    for kind in ("lines", "branches"):
        valid, covered = counted.get(f"{kind}_valid"), counted.get(f"{kind}_covered")
        if valid is not None and covered is not None and covered > valid:
            yield Violation(f"{pointer}/{kind}_covered", f"{covered} {kind} are covered of only {valid}")
