"""Autopsy findings: one root cause of a failed run, or of an incident."""

from __future__ import annotations

from ingest.tables import RUN_CONTEXT, Table, integer, number, string, timestamp

FINDINGS = Table(
    "autopsy_findings",
    key=("autopsy_finding_id",),
    content_key="autopsy_finding_id",
    event_time="found_at",
    columns=(
        *RUN_CONTEXT,
        string("incident_id"),
        string("incident_provider"),
        string("tool"),
        string("category"),
        string("pattern"),
        string("message"),
        string("file_path", "file"),
        integer("line_number", "line"),
        string("suggestion"),
        string("severity"),
        number("confidence"),
        string("docs_uri"),
        timestamp("found_at"),
    ),
)

TABLES = (FINDINGS,)
