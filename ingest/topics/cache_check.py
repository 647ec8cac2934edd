"""Cache checks: one verification of a build cache against its manifest, and the entries that were bad."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.tables import RUN_CONTEXT, Event, Table, boolean, child, integer, string, timestamp

CHECKS = Table(
    "cache_checks",
    key=("cache_check_id",),
    content_key="cache_check_id",
    event_time="checked_at",
    columns=(
        *RUN_CONTEXT,
        string("cache"),
        string("algorithm"),
        integer("entry_count", "entries"),
        integer("mismatched_entry_count", "mismatched"),
        integer("missing_entry_count", "missing"),
        integer("unexpected_entry_count", "unexpected"),
        integer("quarantined_entry_count", "quarantined"),
        boolean("is_signed"),
        string("verdict"),
        string("reason"),
        string("tool"),
        string("tool_version"),
        timestamp("checked_at"),
    ),
)

BAD_ENTRIES = child(
    CHECKS,
    "cache_bad_entries",
    "bad_entries",
    [
        string("entry_key", "key"),
        string("problem"),
        string("expected_digest"),
        string("actual_digest"),
        integer("entry_bytes", "bytes"),
        boolean("is_quarantined"),
    ],
)

TABLES = (CHECKS, BAD_ENTRIES)


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield parts greater than their whole, and a verdict that the findings rule out."""
    mismatched, missing = event.get("mismatched", 0), event.get("missing", 0)
    entries = event.get("entries")
    if entries is not None and mismatched + missing > entries:
        yield Violation("/entries", f"mismatched + missing entries are more than the total of {entries}")
    bad = mismatched + event.get("unexpected", 0)
    if {"mismatched", "unexpected"} <= event.keys() and event.get("quarantined", 0) > bad:
        yield Violation("/quarantined", "more entries are quarantined than are there and bad")
    if event["verdict"] == "verified" and mismatched:
        yield Violation("/verdict", "verified, yet entries are mismatched")
    if event["verdict"] == "verified" and event.get("is_signed") is False:
        yield Violation("/verdict", "verified, yet the manifest is not signed")
