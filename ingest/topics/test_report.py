"""Test reports: one run of one test suite, case by case."""

from __future__ import annotations

from ingest.tables import RUN_CONTEXT, Event, Table, child, integer, string, timestamp

SUITES = Table(
    "test_suites",
    key=("test_suite_id",),
    content_key="test_suite_id",
    event_time="started_at",
    columns=(
        *RUN_CONTEXT,
        string("suite"),
        integer("suite_ordinal"),
        timestamp("started_at"),
        string("started_at_original"),
        integer("duration_ms"),
        integer("reported_test_count"),
        integer("reported_failed_test_count"),
        integer("reported_error_test_count"),
        integer("reported_skipped_test_count"),
    ),
)

CASES = child(
    SUITES,
    "test_cases",
    "cases",
    [
        string("class_name"),
        string("test_name", "name"),
        string("parameters"),
        string("file_path", "file"),
        integer("line_number", "line"),
        string("outcome"),
        integer("duration_ms"),
        integer("attempt_count", "attempts"),
        string("failure_type"),
        string("failure_fingerprint"),
    ],
)

TABLES = (SUITES, CASES)


def observed(event: Event, moment: str) -> Event:
    """Return the event with `moment` as its start, where the report names none."""
    return event if "started_at" in event else {**event, "started_at": moment}
