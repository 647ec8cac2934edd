"""
Disaster recovery drills: the report of a drill, and its steps.

A step may arrive alone, before or after the report, in which case the event says nothing of the
drill as a whole. `dr_drills` has a row for every event of either kind, `dr_drill_steps` one for
each step that a report lists; staging takes them apart.
"""

from __future__ import annotations

from collections.abc import Iterator

from ci_intel.contracts import Violation
from ingest.checks import is_reversed
from ingest.tables import RUN_CONTEXT, Event, Table, child, integer, string, timestamp

DRILLS = Table(
    "dr_drills",
    key=("drill_id",),
    event_time="disruption_at",
    columns=(
        *RUN_CONTEXT,
        string("drill_id"),
        string("drill"),
        string("service"),
        string("environment"),
        timestamp("disruption_at"),
        timestamp("detected_at"),
        timestamp("restored_at"),
        timestamp("last_recoverable_at"),
        integer("rto_objective_ms", "objectives.rto_ms"),
        integer("rpo_objective_ms", "objectives.rpo_ms"),
        string("manifest_sha256"),
        string("restored_manifest_sha256"),
        string("step"),
        timestamp("started_at"),
        timestamp("ended_at"),
        string("status"),
        string("notes"),
    ),
)

STEPS = child(
    DRILLS,
    "dr_drill_steps",
    "steps",
    [
        string("step"),
        timestamp("started_at"),
        timestamp("ended_at"),
        string("status"),
        string("notes"),
    ],
)

TABLES = (DRILLS, STEPS)


def contradictions(event: Event) -> Iterator[Violation]:
    """Yield what the schema cannot express: what is over before it began, and a step listed twice."""
    if is_reversed(event.get("started_at"), event.get("ended_at")):
        yield Violation("/ended_at", f"the step ends before it starts ({event['started_at']})")
    for name, what in (("detected_at", "noticed"), ("restored_at", "restored")):
        if is_reversed(event.get("disruption_at"), event.get(name)):
            yield Violation(f"/{name}", f"the service is {what} before it is disrupted")
    if is_reversed(event.get("last_recoverable_at"), event.get("disruption_at")):
        yield Violation("/last_recoverable_at", "data can be recovered up to a moment after the disruption")
    seen: set[str] = set()
    for place, step in enumerate(event.get("steps") or ()):
        if is_reversed(step.get("started_at"), step.get("ended_at")):
            yield Violation(f"/steps/{place}/ended_at", "the step ends before it starts")
        if step["step"] in seen:
            yield Violation(f"/steps/{place}/step", f"the step {step['step']} is listed twice")
        seen.add(step["step"])
