"""SBOMs: what an artifact is made of, component by component."""

from __future__ import annotations

from ingest.tables import RUN_CONTEXT, Event, Table, child, integer, joined, string, timestamp

SBOMS = Table(
    "sboms",
    key=("sbom_id",),
    content_key="sbom_id",
    event_time="created_at",
    columns=(
        *RUN_CONTEXT,
        string("document_id"),
        string("document_version"),
        string("format"),
        string("spec_version"),
        string("tool"),
        string("tool_version"),
        timestamp("created_at"),
        string("subject_digest"),
        string("subject_name"),
        string("subject_version"),
        string("subject_purl"),
        string("subject_type"),
    ),
)

COMPONENTS = child(
    SBOMS,
    "sbom_components",
    "components",
    [
        string("component_name", "name"),
        string("component_group", "group"),
        string("component_version", "version"),
        string("component_purl", "purl"),
        string("component_type", "type"),
        string("scope"),
        string("supplier"),
        joined("licences"),
        integer("depth"),
    ],
)

TABLES = (SBOMS, COMPONENTS)


def observed(event: Event, moment: str) -> Event:
    """Return the event, made when its file was written if it does not say when."""
    return event if "created_at" in event else {**event, "created_at": moment}
