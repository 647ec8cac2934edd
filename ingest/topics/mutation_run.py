"""Mutation runs: what became of each mutant that one tool made of one target."""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.tables import (
    RUN_CONTEXT,
    Event,
    Table,
    boolean,
    child,
    integer,
    joined,
    number,
    string,
    timestamp,
)

RUNS = Table(
    "mutation_runs",
    key=("mutation_run_id",),
    content_key="mutation_run_id",
    event_time="generated_at",
    columns=(
        *RUN_CONTEXT,
        string("branch"),
        string("tool"),
        string("tool_version"),
        string("target"),
        string("scope"),
        timestamp("generated_at"),
        number("threshold_ratio", "threshold"),
    ),
)

MUTANTS = child(
    RUNS,
    "mutants",
    "mutants",
    [
        string("mutant_id", "id"),
        string("file_path", "file"),
        integer("line_number", "line"),
        string("mutator"),
        string("status"),
        string("status_reason"),
        boolean("is_equivalent"),
        joined("killed_by"),
    ],
)

TABLES = (RUNS, MUTANTS)


def observed(event: Event, moment: str) -> Event:
    """Return the event with `moment` as its time, where the report names none."""
    return event if "generated_at" in event else {**event, "generated_at": moment}


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield mutants that a test noticed although they are confirmed to change nothing."""
    for place, mutant in enumerate(event["mutants"]):
        if mutant.get("is_equivalent") and mutant["status"] == "killed":
            yield Violation(f"/mutants/{place}/is_equivalent", "a mutant that a test killed is not equivalent")
