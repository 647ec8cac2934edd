"""
Binding: evidence that a provider's API handed over as that of one run may speak of that run alone.

Whoever can start a run can put anything into its artifacts: a fork's pull request among them. So what
such evidence may say is what a run knows of itself and of its own reports. Its run is the one that the API
names; an event that names another repository or run is rejected, and so is one whose identity would
reach beyond the run, as a deployment's, of which every repository may have one with the same id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ci_intel import contracts
from ci_intel.errors import Refused
from ingest.context import RunContext
from ingest.readers import Reader

TOPICS = frozenset(
    {
        "pipeline_run",
        "pipeline_job",
        "job_telemetry",
        "mutation_run",
        "test_report",
        "coverage_report",
        "sbom",
        "vulnerability_scan",
        "verification",
        "policy_decision",
        "chaos_experiment",
        "determinism_check",
        "cache_check",
        "autopsy_finding",
        "evidence_bundle",
    }
)
"""What a run may say: these are keyed by the run itself, or by their own content."""

_OWN = ("provider", "repo", "run_id", "run_attempt", "commit_sha")


class Foreign(Exception):
    """An event speaks of something else than the run that it was handed over with."""

    def __init__(self, code: str, message: str, pointer: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.pointer = pointer


def check_reader(reader: Reader) -> None:
    """Raise `Refused` for a format in which providers speak, rather than the tools that a run uses."""
    if reader.format != "hub" and "run_id" not in reader.outside:
        raise Refused(
            "not_from_a_run",
            f"a run's artifact may hold reports and the hub's own events; {reader.format} says what only "
            "its provider can, and is loaded from there",
        )


def bound(event: Any, context: RunContext) -> Any:
    """
    Return the event with the run that `context` names; what is no event stays what it is.

    Raises `Foreign` if it names another repository or run, or speaks of what no run may speak of.
    """
    name = event.get("schema") if isinstance(event, Mapping) else None
    if name not in contracts.contracts():
        return event
    topic = str(name).partition(".")[0]
    if topic not in TOPICS:
        raise Foreign(
            "not_from_a_run",
            f"a run's artifact may not say a {topic}: its identity is not the run's; load it from where it is known",
            "/schema",
        )
    repository = event.get("repo")
    if repository not in (None, context.repository):
        raise Foreign(
            "another_repository",
            f"it claims to be of {repository}, but the API says that {context.repository} made it",
            "/repo",
        )
    _check_run(event, context)
    allowed = contracts.schema_of(str(name))["properties"]
    known = {field: value for field, value in context.event_fields().items() if field in _OWN and field in allowed}
    numbers_itself = event.get("provider") in (None, "hub") and event.get("run_id") not in (None, context.run_id)
    if numbers_itself or "provider" not in allowed:
        # As emitters of v1.2 do: such a run is the hub's, and not the provider's by that number.
        known = {field: known[field] for field in ("repo", "commit_sha") if field in known}
    return {**event, **known}


def _check_run(event: Mapping[str, Any], context: RunContext) -> None:
    provider = event.get("provider")
    if provider not in (None, "hub", context.provider):
        raise Foreign(
            "another_run", f"it claims to be of a run at {provider}, but it is of {context.provider}", "/provider"
        )
    if provider == context.provider and event.get("run_id") not in (None, context.run_id):
        raise Foreign(
            "another_run",
            f"it claims to be of run {event['run_id']}, but the API says that run {context.run_id} made it",
            "/run_id",
        )
