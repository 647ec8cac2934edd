"""Chaos experiments: one execution of one, and what was done and looked at in it."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.checks import is_reversed
from ingest.tables import RUN_CONTEXT, Event, Table, boolean, child, integer, number, string, timestamp

EXPERIMENTS = Table(
    "chaos_experiments",
    key=("chaos_experiment_id",),
    content_key="chaos_experiment_id",
    event_time="started_at",
    columns=(
        *RUN_CONTEXT,
        string("experiment"),
        string("fault"),
        string("target"),
        string("environment"),
        string("outcome"),
        string("reason"),
        boolean("is_deviated"),
        boolean("is_steady_before"),
        boolean("is_steady_after"),
        boolean("is_dry_run"),
        boolean("is_rollback_ok"),
        integer("seed"),
        number("rate_ratio", "rate"),
        integer("retry_count", "retries"),
        timestamp("started_at"),
        timestamp("ended_at"),
        string("tool"),
        string("tool_version"),
    ),
)

ACTIVITIES = child(
    EXPERIMENTS,
    "chaos_activities",
    "activities",
    [
        string("phase"),
        string("activity_kind", "kind"),
        string("activity_name", "name"),
        string("status"),
        boolean("is_tolerated"),
        integer("exit_code"),
        boolean("is_background"),
        timestamp("activity_started_at", "started_at"),
        timestamp("activity_ended_at", "ended_at"),
        string("message"),
    ],
)

TABLES = (EXPERIMENTS, ACTIVITIES)


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield what the schema cannot express: ends before starts, and outcomes that the findings rule out."""
    if is_reversed(event["started_at"], event.get("ended_at")):
        yield Violation("/ended_at", f"it ends before it starts ({event['started_at']})")
    for place, activity in enumerate(event.get("activities") or ()):
        if is_reversed(activity.get("started_at"), activity.get("ended_at")):
            yield Violation(f"/activities/{place}/ended_at", "the activity ends before it starts")
    outcome = event["outcome"]
    if outcome == "recovered" and (event.get("is_deviated") or event.get("is_steady_after") is False):
        yield Violation("/outcome", "recovered, yet outside of its steady state after the fault")
    if outcome in {"recovered", "degraded", "failed"} and event.get("is_steady_before") is False:
        yield Violation("/outcome", f"{outcome}, yet not in its steady state before: that is invalid")
