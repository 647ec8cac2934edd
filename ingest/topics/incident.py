"""Incidents: one version of an incident; the provider's own `updated_at` orders the versions."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.checks import is_reversed
from ingest.tables import Event, Table, integer, string, timestamp

INCIDENTS = Table(
    "incidents",
    key=("provider", "incident_id"),
    event_time="opened_at",
    versioned_by="updated_at",
    columns=(
        string("provider", default="hub"),
        string("incident_id"),
        string("repository", "repo"),
        string("service"),
        string("environment"),
        string("severity"),
        timestamp("opened_at"),
        timestamp("acknowledged_at"),
        timestamp("resolved_at"),
        timestamp("updated_at"),
        string("deployment_id"),
        string("deployment_provider"),
        string("artifact_digest"),
        string("reverted_commit_sha"),
        string("uri"),
        string("run_id"),
        integer("run_attempt"),
        string("job"),
    ),
)

TABLES = (INCIDENTS,)


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield what the schema cannot express: an incident taken or resolved before it began."""
    for name in ("acknowledged_at", "resolved_at"):
        if is_reversed(event["opened_at"], event.get(name)):
            yield Violation(f"/{name}", f"{name} ({event[name]}) is before opened_at ({event['opened_at']})")
