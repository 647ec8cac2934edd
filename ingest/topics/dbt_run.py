"""Runs of dbt: one invocation, and what became of each of its nodes."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.checks import is_reversed
from ingest.tables import RUN_CONTEXT, Event, Table, child, integer, string, timestamp

RUNS = Table(
    "dbt_runs",
    key=("invocation_id",),
    event_time="ended_at",
    columns=(
        *RUN_CONTEXT,
        string("invocation_id"),
        string("command"),
        string("dbt_version"),
        timestamp("started_at"),
        timestamp("ended_at"),
        integer("elapsed_ms"),
    ),
)

RESULTS = child(
    RUNS,
    "dbt_results",
    "results",
    [
        string("unique_id"),
        string("status"),
        string("status_original"),
        integer("failure_count", "failures"),
        integer("execution_ms"),
        string("message"),
    ],
)

TABLES = (RUNS, RESULTS)


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield what the schema cannot express: an invocation that ends before it starts, and a node listed twice."""
    if is_reversed(event.get("started_at"), event["ended_at"]):
        yield Violation("/ended_at", "ended_at is before started_at")
    seen: set[str] = set()
    for place, result in enumerate(event["results"]):
        if result["unique_id"] in seen:
            yield Violation(f"/results/{place}/unique_id", f"the node {result['unique_id']} is listed twice")
        seen.add(result["unique_id"])
