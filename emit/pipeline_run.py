"""One event of the run that a pipeline is in: from its environment, its reports and its jobs' telemetry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ci_intel.moments import as_text, utc
from emit.environment import Surroundings
from emit.prices import Priced, carbon_grams, cost_usd
from emit.reports import Reports, chaos_of, policies_of, tests_of

CONTRACT = "pipeline_run.v1.3"
_STATUS = {
    "success": "success",
    "succeeded": "success",
    "passed": "success",
    "failure": "failed",
    "failed": "failed",
    "cancelled": "canceled",
    "canceled": "canceled",
    "skipped": "skipped",
    "timed_out": "timed_out",
    "running": "running",
}
"""What CI systems call how a job or run ended, and the contract's word for it."""


@dataclass(frozen=True)
class Said:
    """
    What the caller says beyond environment and reports; None for what it does not say.

    `status` is the CI system's own word. `is_whole` says that the jobs at hand are all of the run's.
    """

    status: str | None = None
    started_at: datetime | None = None
    environment: str | None = None
    runner_label: str | None = None
    region: str | None = None
    energy_kwh: float | None = None
    is_whole: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Emitted:
    """The event, and what was left out of it, each with its reason."""

    event: Mapping[str, Any]
    left_out: Sequence[str]


def pipeline_run(around: Surroundings, reports: Reports, said: Said, now: datetime) -> Emitted:
    """
    Return an event of `pipeline_run.v1.3`.

    What is not known is left out, never zero: the tests if a report could not be read, the cost if a job has no
    price. A run that nobody said the end of is still running. Raises `ValueError` where no start is known.
    """
    left_out: list[str] = []
    word = said.status or around.job.status
    status = _STATUS.get(word.lower(), "unknown") if word else "running"
    started_at = said.started_at or around.started_at or _earliest(reports)
    if started_at is None:
        raise ValueError("nothing says when the run started: add --started-at")
    jobs = _jobs(around, reports, said, status, now)
    event = {
        "schema": CONTRACT,
        **around.run,
        "started_at": as_text(started_at),
        "status": status,
        "status_original": word,
        "emitted_at": as_text(now),
        "ended_at": None if status == "running" else as_text(now),
        "environment": said.environment,
        "region": said.region,
        "energy": None if said.energy_kwh is None else {"kwh": said.energy_kwh},
        "carbon_g_co2e": _carbon(said, started_at, left_out),
        "jobs": jobs or None,
        "tests": _tests(reports, left_out),
        "chaos": chaos_of(reports) or None,
        "policies": policies_of(reports) or None,
        "cost": _cost(around, jobs, said, left_out),
        **said.fields,
    }
    return Emitted({name: value for name, value in event.items() if value is not None}, left_out)


def _tests(reports: Reports, left_out: list[str]) -> dict[str, Any] | None:
    if reports.problems:
        left_out.append("tests, since not every report could be read, and a part would look like the whole")
        return None
    tests = tests_of(reports)
    if tests is None and (reports.of("coverage_report") or reports.of("mutation_run")):
        left_out.append("coverage and mutants, which belong to tests, and no test report is at hand")
    return tests


def _carbon(said: Said, at: datetime, left_out: list[str]) -> float | None:
    if said.energy_kwh is None:
        return None
    if said.region is None:
        left_out.append("carbon, since no region is known: add --region")
        return None
    try:
        return carbon_grams(said.energy_kwh, said.region, at)
    except LookupError as error:
        left_out.append(f"carbon: {error.args[0]}")
        return None


def _cost(
    around: Surroundings, jobs: Sequence[Mapping[str, Any]], said: Said, left_out: list[str]
) -> dict[str, float] | None:
    """Price the run, if these are all its jobs: a part of a cost would pass for the cost."""
    if not said.is_whole or not jobs:
        return None
    priced = [
        Priced(
            job["name"],
            around.run.get("provider", "hub"),
            around.run.get("runner_type"),
            job.get("runner_label"),
            utc(job["started_at"]),
            job["duration_ms"],
        )
        for job in jobs
    ]
    try:
        return {"usd": cost_usd(priced)}
    except LookupError as error:
        left_out.append(f"cost: {error.args[0]}")
        return None


def _jobs(around: Surroundings, reports: Reports, said: Said, status: str, now: datetime) -> list[dict[str, Any]]:
    """Return the jobs that recorded telemetry, newest execution of each name; else the one that runs this."""
    newest: dict[str, Mapping[str, Any]] = {}
    for record in sorted(reports.of("job_telemetry"), key=lambda one: utc(one["recorded_at"])):
        newest[record["job"]] = record
    if newest:
        return [_recorded(record, said) for record in newest.values()]
    job = around.job
    if job.name is None or job.started_at is None or status == "running":
        return []
    return [
        _present(
            id=job.id or job.name,
            name=job.name,
            status=status,
            duration_ms=max(0, _milliseconds(now - job.started_at)),
            started_at=as_text(job.started_at),
            completed_at=as_text(now),
            runner_label=said.runner_label,
        )
    ]


def _recorded(record: Mapping[str, Any], said: Said) -> dict[str, Any]:
    completed_at = utc(record["recorded_at"])
    hit = record.get("cache_hit")
    return _present(
        id=record["job"],
        name=record["job"],
        status=_STATUS[record["status"]],
        duration_ms=record["duration_ms"],
        queue_ms=record.get("queue_ms"),
        started_at=as_text(completed_at - timedelta(milliseconds=record["duration_ms"])),
        completed_at=as_text(completed_at),
        cache=None if hit is None else {"hit": hit},
        runner_label=record.get("metadata", {}).get("runner_label") or said.runner_label,
    )


def _earliest(reports: Reports) -> datetime | None:
    starts = [
        utc(record["recorded_at"]) - timedelta(milliseconds=record["duration_ms"])
        for record in reports.of("job_telemetry")
    ]
    return min(starts, default=None)


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _milliseconds(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))
