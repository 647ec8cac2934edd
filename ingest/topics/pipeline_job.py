"""Pipeline jobs: one job of a run attempt, from a provider that reports jobs apart from their runs."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.checks import is_reversed
from ingest.tables import Event, Table, integer, string, timestamp

TABLES = (
    Table(
        "pipeline_jobs",
        key=("provider", "repository", "run_id", "run_attempt", "job_id"),
        event_time="started_at",
        columns=(
            string("provider", default="hub"),
            string("repository", "repo"),
            string("run_id"),
            integer("run_attempt", default=1),
            string("job_id"),
            string("job_name", "name"),
            string("workflow"),
            string("commit_sha"),
            string("branch"),
            string("status"),
            string("status_original"),
            string("runner_label"),
            string("runner_type"),
            timestamp("queued_at"),
            timestamp("started_at"),
            timestamp("completed_at"),
            integer("failed_step_count", "steps_failed"),
        ),
    ),
)


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield what the schema cannot express: a job that ends before it starts."""
    if is_reversed(event.get("started_at"), event.get("completed_at")):
        yield Violation(
            "/completed_at", f"the job ends ({event['completed_at']}) before it starts ({event['started_at']})"
        )
