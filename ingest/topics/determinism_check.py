"""Determinism checks: whether two builds of the same source are the same."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.checks import is_reversed
from ingest.tables import RUN_CONTEXT, Event, Table, integer, joined, string, timestamp

CHECKS = Table(
    "determinism_checks",
    key=("determinism_check_id",),
    content_key="determinism_check_id",
    event_time="checked_at",
    columns=(
        *RUN_CONTEXT,
        string("subject"),
        string("subject_digest"),
        string("kind"),
        string("verdict"),
        string("first_digest"),
        string("second_digest"),
        timestamp("first_built_at"),
        timestamp("second_built_at"),
        joined("differing_files"),
        integer("differing_file_count"),
        string("first_cause"),
        string("environment"),
        string("tool"),
        string("tool_version"),
        timestamp("checked_at"),
    ),
)

TABLES = (CHECKS,)


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield verdicts that the findings rule out, more files than are counted, and builds in the wrong order."""
    files = event.get("differing_files") or ()
    count = event.get("differing_file_count")
    first, second = event.get("first_digest"), event.get("second_digest")
    if event["verdict"] == "verified" and (files or count):
        yield Violation("/verdict", "verified, yet files differ")
    if first and second and event["verdict"] == ("verified" if first != second else "refuted"):
        yield Violation("/verdict", f"{event['verdict']}, yet the two digests are {_compared(first, second)}")
    if count is not None and len(files) > count:
        yield Violation("/differing_file_count", f"{len(files)} differing files are listed, {count} are counted")
    if is_reversed(event.get("first_built_at"), event.get("second_built_at")):
        yield Violation("/second_built_at", "the second build was made before the first")


def _compared(first: str, second: str) -> str:
    return "the same" if first == second else "different"
