"""Canary decisions: whether what was tried on a few users goes on."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.checks import is_reversed
from ingest.tables import RUN_CONTEXT, Column, Event, Table, integer, number, string, timestamp


def _figures(of: str) -> tuple[Column, ...]:
    return (
        number(f"{of}_error_rate", f"{of}.error_rate"),
        number(f"{of}_success_ratio", f"{of}.success_rate"),
        number(f"{of}_latency_p50_ms", f"{of}.latency_p50_ms"),
        number(f"{of}_latency_p95_ms", f"{of}.latency_p95_ms"),
        number(f"{of}_latency_p99_ms", f"{of}.latency_p99_ms"),
        number(f"{of}_requests_per_second", f"{of}.reqs_per_s"),
    )


DECISIONS = Table(
    "canary_decisions",
    key=("deployment_provider", "deployment_id", "recorded_at"),
    event_time="recorded_at",
    columns=(
        *RUN_CONTEXT,
        string("deployment_provider", default="hub"),
        string("deployment_id"),
        string("service"),
        string("environment"),
        string("subject_digest"),
        integer("rollout_step"),
        string("decision"),
        string("reason"),
        timestamp("window_started_at", "window.start"),
        timestamp("window_ended_at", "window.end"),
        string("query"),
        string("metrics_uri"),
        *_figures("baseline"),
        *_figures("canary"),
        string("notes"),
        timestamp("recorded_at"),
    ),
)

TABLES = (DECISIONS,)


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield what the schema cannot express: a window that ends before it starts, or starts after the decision."""
    window = event.get("window")
    if not window:
        return
    if is_reversed(window["start"], window["end"]):
        yield Violation("/window/end", "the window ends before it starts")
    if is_reversed(window["start"], event["recorded_at"]):
        yield Violation("/recorded_at", "it was decided before the canary was watched")
