"""Evidence bundles: what was put together as the evidence of one release, item by item."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.tables import RUN_CONTEXT, Event, Table, boolean, child, string, timestamp

BUNDLES = Table(
    "evidence_bundles",
    key=("evidence_bundle_id",),
    content_key="evidence_bundle_id",
    event_time="created_at",
    columns=(
        *RUN_CONTEXT,
        string("release_tag", "release"),
        string("artifact_digest"),
        string("bundle_uri"),
        string("bundle_sha256"),
        boolean("is_complete"),
        string("tool"),
        string("tool_version"),
        timestamp("created_at"),
    ),
)

ITEMS = child(
    BUNDLES,
    "evidence_items",
    "items",
    [
        string("evidence_type", "type"),
        string("item_path", "path"),
        string("item_sha256", "sha256"),
        boolean("is_present", "present"),
        boolean("is_verified", "verified"),
        string("reason"),
    ],
)

TABLES = (BUNDLES, ITEMS)


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield what is verified without being there, and a bundle that is complete without all of its items."""
    items = event.get("items") or ()
    for place, item in enumerate(items):
        if item.get("verified") and not item["present"]:
            yield Violation(f"/items/{place}/verified", "verified, yet not present")
    if event.get("is_complete") and not all(item["present"] for item in items):
        yield Violation("/is_complete", "complete, yet an item is not present")
