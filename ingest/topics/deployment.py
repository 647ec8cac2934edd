"""Deployments: one attempt to put a version into an environment, and the commits it brings."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.checks import is_reversed
from ingest.tables import Event, Table, boolean, child, integer, string, timestamp

DEPLOYMENTS = Table(
    "deployments",
    key=("provider", "deployment_id"),
    event_time="started_at",
    columns=(
        string("provider", default="hub"),
        string("deployment_id"),
        string("repository", "repo"),
        string("service"),
        string("environment"),
        boolean("is_production"),
        string("status"),
        string("status_original"),
        string("artifact_digest"),
        string("version"),
        string("ref"),
        string("commit_sha"),
        string("strategy"),
        timestamp("created_at"),
        timestamp("started_at"),
        timestamp("finished_at"),
        boolean("is_rollback"),
        boolean("is_hotfix"),
        boolean("is_unplanned"),
        string("fixes_deployment_id"),
        string("incident_id"),
        string("why_counted"),
        string("actor_type"),
        string("run_id"),
        integer("run_attempt"),
        string("job"),
    ),
)

COMMITS = child(
    DEPLOYMENTS,
    "deployment_commits",
    "commits",
    [
        string("commit_sha", "sha"),
        timestamp("committed_at"),
        timestamp("authored_at"),
        string("actor_type"),
    ],
)

TABLES = (DEPLOYMENTS, COMMITS)


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield what the schema cannot express: an end before the start, and a deployment that repairs itself."""
    if is_reversed(event["started_at"], event.get("finished_at")):
        yield Violation(
            "/finished_at",
            f"the deployment finishes ({event['finished_at']}) before it starts ({event['started_at']})",
        )
    if event.get("fixes_deployment_id") == event["deployment_id"]:
        yield Violation("/fixes_deployment_id", "a deployment cannot repair itself")
