"""Verifications: one check of one artifact, and its verdict."""

from __future__ import annotations

from ingest.tables import RUN_CONTEXT, Table, integer, joined, string, timestamp

VERIFICATIONS = Table(
    "verifications",
    key=("verification_id",),
    content_key="verification_id",
    event_time="checked_at",
    columns=(
        *RUN_CONTEXT,
        string("subject_digest"),
        string("subject_name"),
        string("check_name", "check"),
        string("verdict"),
        joined("reason_codes"),
        joined("reasons"),
        string("tool"),
        string("tool_version"),
        string("identity"),
        string("issuer"),
        string("log_id"),
        integer("log_index"),
        timestamp("log_integrated_at"),
        integer("slsa_build_level"),
        string("platform"),
        timestamp("checked_at"),
        string("evidence_uri"),
    ),
)

TABLES = (VERIFICATIONS,)
