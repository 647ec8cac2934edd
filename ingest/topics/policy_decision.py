"""Policy decisions: one rule of one policy, decided on one subject."""

from __future__ import annotations

from ingest.tables import RUN_CONTEXT, Table, integer, string, timestamp

DECISIONS = Table(
    "policy_decisions",
    key=("policy_decision_id",),
    content_key="policy_decision_id",
    event_time="decided_at",
    columns=(
        *RUN_CONTEXT,
        string("policy_id", "policy"),
        string("rule"),
        string("engine"),
        string("engine_version"),
        string("mode"),
        string("decision"),
        string("subject"),
        string("subject_digest"),
        string("environment"),
        string("deployment_id"),
        string("reason"),
        string("docs_uri"),
        integer("duration_ns"),
        timestamp("decided_at"),
    ),
)

TABLES = (DECISIONS,)
