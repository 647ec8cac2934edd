"""Pipeline runs, as each repository sends them: its contract, its words, with or without its jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from simulate.chance import Chance, chance
from simulate.domains.tests import mutation_score, mutation_totals, suite_totals
from simulate.fleet import Repository
from simulate.runs import Job, Run, runs_of
from simulate.world import Event, Sent, World, milliseconds, rfc3339

_GITLAB_WORDS = {"success": "success", "failed": "failed", "canceled": "canceled", "timed_out": "failed"}
_GITLAB_JOB_WORDS = {**_GITLAB_WORDS, "skipped": "skipped"}
_MEASURED_JOBS = ("build", "test", "plan")
_GRAMS_PER_KWH = 230


def events(world: World, repository: Repository, day: date) -> Iterator[Sent]:
    """Yield the runs of a day, their jobs where those arrive apart, and what jobs measured of themselves."""
    for run in runs_of(world, repository, day):
        draws = chance(world.seed, repository.name, run.id, run.attempt, "figures")
        said = run.ended + timedelta(seconds=4)
        if repository.contract == "v1.2":
            yield Sent(said, _run_v1_2(world, repository, run, draws))
        elif world.tells("native_api_words", repository, day):
            yield Sent(said, _run_of_the_api(repository, run))
            yield from _jobs_apart(repository, run)
        else:
            if world.tells("corrected_runs", repository, day):
                yield Sent(run.started, _running(repository, run))
            yield Sent(said, _run_v1_3(world, repository, run, draws))
        if repository.runner.os != "macos":
            yield from _telemetry(repository, run, draws)


def _identity(repository: Repository, run: Run) -> Event:
    return {
        "schema": f"pipeline_run.{repository.contract}",
        "run_id": run.id,
        "repo": repository.name,
        "commit_sha": run.trigger.commit,
        "branch": run.trigger.branch,
        "pr": run.trigger.pull_request,
        "started_at": rfc3339(run.started),
    }


def _origin(repository: Repository, run: Run) -> Event:
    """Return what v1.3 adds of where a run comes from."""
    trigger = run.trigger
    maker = "simulated-bot" if trigger.is_bot else f"simulated-developer-{1 + int(trigger.commit[:4], 16) % 9}"
    return {
        "provider": repository.provider,
        "run_attempt": run.attempt,
        "run_number": run.number,
        "workflow": trigger.workflow,
        "event": trigger.event,
        "actor": maker,
        "actor_type": "bot" if trigger.is_bot else "human",
        "is_default_branch": trigger.is_main,
    }


def _run_v1_2(world: World, repository: Repository, run: Run, draws: Chance) -> Event:
    tests = suite_totals(repository, run) or {"total": 0, "failed": 0, "duration_ms": 0}
    score = mutation_score(world, repository, run.started.date())
    return {
        **_identity(repository, run),
        "ended_at": rfc3339(run.ended),
        "status": run.status,
        **_machine(repository, run),
        **_rollout(world, repository, run, draws),
        "jobs": [_job(repository, job, is_v1_2=True) for job in run.jobs],
        # A required field: where a run has no figures of its own, the sender repeats the last it knows.
        "tests": {**tests, "resilience": mutation_totals(score, 40)},
        **_findings(run),
        "cost": _cost(repository, run),
    }


def _run_v1_3(world: World, repository: Repository, run: Run, draws: Chance) -> Event:
    event = {
        **_identity(repository, run),
        **_origin(repository, run),
        "ended_at": rfc3339(run.ended),
        "status": run.status,
        "emitted_at": rfc3339(run.ended + timedelta(seconds=3)),
        **_machine(repository, run),
        **_rollout(world, repository, run, draws),
        "jobs": [_job(repository, job, is_v1_2=False) for job in run.jobs],
        **_findings(run),
        "cost": _cost(repository, run),
    }
    tests = suite_totals(repository, run)
    if tests:
        event["tests"] = {**tests, "flaky": len(run.retried)}
        event["tests"]["coverage"] = {"lines_pct": repository.coverage}
    if repository.runner.watts is not None:
        kwh = round(event["cost"]["cpu_seconds"] / 3600 * repository.runner.watts / 1000, 6)
        event["energy"] = {"kwh": kwh}
        if repository.runner.type == "hosted":
            event["carbon_g_co2e"] = round(kwh * _GRAMS_PER_KWH, 4)
    if run.trigger.workflow == "nightly" and world.tells("exemplary_service", repository, run.trigger.at.date()):
        event["chaos"] = [_chaos(run, draws)]
    return event


def _running(repository: Repository, run: Run) -> Event:
    """Return what is sent when a run starts: it has no end, and nothing is known of its jobs."""
    return {
        **_identity(repository, run),
        **_origin(repository, run),
        "status": "running",
        "emitted_at": rfc3339(run.started),
    }


def _run_of_the_api(repository: Repository, run: Run) -> Event:
    word = _GITLAB_WORDS[run.status]
    return {
        **_identity(repository, run),
        **_origin(repository, run),
        "ended_at": rfc3339(run.ended),
        "status": "unknown",
        "status_original": word,
        "emitted_at": rfc3339(run.ended + timedelta(seconds=1)),
    }


def _jobs_apart(repository: Repository, run: Run) -> Iterator[Sent]:
    for place, job in enumerate(run.jobs):
        event: Event = {
            "schema": "pipeline_job.v1.0",
            "provider": repository.provider,
            "repo": repository.name,
            "run_id": run.id,
            "run_attempt": run.attempt,
            "job_id": f"{run.id}{run.attempt}{place}",
            "name": job.name,
            "workflow": run.trigger.workflow,
            "commit_sha": run.trigger.commit,
            "branch": run.trigger.branch,
            "status": "unknown",
            "status_original": _GITLAB_JOB_WORDS[job.status],
            "runner_label": repository.runner.label,
            "runner_type": repository.runner.type,
            "queued_at": rfc3339(job.queued),
        }
        if job.started and job.completed:
            event["started_at"] = rfc3339(job.started)
            event["completed_at"] = rfc3339(job.completed)
            event["steps_failed"] = 1 if job.status in ("failed", "timed_out") else 0
        event["emitted_at"] = rfc3339(run.ended + timedelta(seconds=1))
        yield Sent(run.ended + timedelta(seconds=2), event)


def _machine(repository: Repository, run: Run) -> Event:
    runner = repository.runner
    first = run.jobs[0]
    fields: Event = {"runner_os": runner.os, "runner_type": runner.type, "region": runner.region, "spot": False}
    if first.started:
        fields["queue_ms"] = milliseconds(first.queued, first.started)
    return fields


def _job(repository: Repository, job: Job, *, is_v1_2: bool) -> Event:
    runner = repository.runner
    event: Event = {
        "id": job.name,
        "name": job.name,
        "status": job.status,
        "duration_ms": milliseconds(job.started, job.completed) if job.started and job.completed else 0,
        "cache": {"hit": job.is_cache_hit, "key": f"{repository.short}-{job.name}"},
        "machine": {"class": runner.label, "cpu": str(runner.cpu), "ram_gb": runner.ram_gb},
    }
    if job.started:
        event["queue_ms"] = milliseconds(job.queued, job.started)
    if is_v1_2:
        return event
    event |= {"runner_label": runner.label, "queued_at": rfc3339(job.queued)}
    if job.started and job.completed:
        event |= {"started_at": rfc3339(job.started), "completed_at": rfc3339(job.completed)}
        event["steps_failed"] = 1 if job.status in ("failed", "timed_out") else 0
    if job.name == "test":
        event["matrix"] = {"language": repository.language}
    return event


def _cost(repository: Repository, run: Run) -> dict[str, float]:
    """Return what a run cost; on machines of one's own nobody says the price."""
    seconds = sum(milliseconds(job.started, job.completed) for job in run.jobs if job.started and job.completed) / 1000
    cost = {"cpu_seconds": round(seconds * repository.runner.cpu * 0.7, 1)}
    if repository.runner.usd_per_minute is not None:
        cost["usd"] = round(seconds / 60 * repository.runner.usd_per_minute, 4)
    return cost


def _rollout(world: World, repository: Repository, run: Run, draws: Chance) -> Event:
    """Return what a run says of the deployment that it makes."""
    deployment = run.trigger.deployment
    if deployment is None:
        return {}
    registry = f"https://evidence.example.org/{repository.name}/{deployment.artifact.version}"
    fields: Event = {
        "environment": deployment.environment,
        "deployment_id": deployment.id,
        "strategy": "canary" if repository.tier == 0 else "rolling",
        "image_digest": deployment.artifact.digest,
        "sbom_uri": f"{registry}/sbom.json",
        "signature_uri": f"{registry}/signature",
        "policies": [
            {
                "id": "image-signed",
                "result": "deny" if deployment.is_denied else "allow",
                "reason": "simulated",
                "time_ns": 1_000_000 + int(draws.random() * 4_000_000),
            }
        ],
    }
    if deployment.is_production and world.tells("policy_bypass", repository, deployment.started.date()):
        del fields["policies"]
    if deployment.is_rollback:
        fields["rollback_reason"] = "what it brought failed its users"
    if repository.tier == 0 and deployment.is_production:
        fields |= _canary(deployment.is_live, run, draws)
    return fields


def _canary(is_promoted: bool, run: Run, draws: Chance) -> Event:
    errors = round(draws.uniform(0.0005, 0.004) if is_promoted else draws.uniform(0.02, 0.06), 5)
    return {
        "canary": {
            "decision": "promote" if is_promoted else "rollback",
            "recorded_at": rfc3339(run.ended),
            "window": {"start": rfc3339(run.started), "end": rfc3339(run.ended)},
            "query": 'sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))',
            "metrics_uri": "https://metrics.example.org/canary",
        },
        "canary_metrics": {
            "error_rate": errors,
            "success_rate": round(1 - errors, 5),
            "latency_p50_ms": draws.about(40),
            "latency_p95_ms": draws.about(180) + 60,
            "latency_p99_ms": draws.about(420) + 280,
            "reqs_per_s": draws.about(300),
        },
    }


def _findings(run: Run) -> Event:
    """Return why a run failed, as the hub's own autopsy would put it."""
    if run.status not in ("failed", "timed_out"):
        return {}
    broken = next((job.name for job in run.jobs if job.status in ("failed", "timed_out")), "unknown")
    pattern, suggestion = {
        "test": ("assertion_failed", "Read the first failed test; the others often follow from it."),
        "lint": ("style", "Run the linter before pushing."),
        "deploy": ("rollout_refused", "Look at the policy's decision and at the rollout's events."),
    }.get(broken, ("toolchain", "Run the job again; if it fails again, look at the pinned tools."))
    if run.status == "timed_out":
        pattern, suggestion = "timeout", "Look for a test that waits for ever."
    return {
        "autopsy": {
            "root_causes": [
                {"pattern": pattern, "suggestion": suggestion, "message": f"{broken} failed", "severity": "error"}
            ]
        }
    }


def _chaos(run: Run, draws: Chance) -> dict[str, Any]:
    return {
        "fault": draws.choice(["kill_job", "delay_net", "corrupt_cache"]),
        "target": "integration tests",
        "seed": int(draws.random() * 10**6),
        "rate": 0.1,
        "started_at": rfc3339(run.started),
        "ended_at": rfc3339(run.ended),
        "outcome": "recovered" if draws.happens(0.93) else "degraded",
        "retries": draws.count(1),
    }


def _telemetry(repository: Repository, run: Run, draws: Chance) -> Iterator[Sent]:
    """Yield what the long jobs of the default branch measured of themselves."""
    if run.trigger.workflow != "ci" or not run.trigger.is_main:
        return
    for job in run.jobs:
        if job.name not in _MEASURED_JOBS or job.started is None or job.completed is None:
            continue
        statuses = {"success": "success", "canceled": "canceled"}
        event: Event = {
            "schema": "job_telemetry.v1.0",
            "repo": repository.name,
            "run_id": run.id,
            "commit_sha": run.trigger.commit,
            "job": job.name,
            "duration_ms": milliseconds(job.started, job.completed),
            "queue_ms": milliseconds(job.queued, job.started),
            "status": statuses.get(job.status, "failure"),
            "cache_hit": job.is_cache_hit,
            "changed_files": run.changed_files,
            "runner_type": repository.runner.type,
            "runner_size": f"{repository.runner.cpu} cores",
            "recorded_at": rfc3339(job.completed),
            "metadata": {"language": repository.language, "peak_memory_mb": str(draws.about(2100))},
        }
        if job.name == "test":
            event["tests_total"] = repository.tests
        if repository.emits_attempts:
            event |= {"provider": repository.provider, "run_attempt": run.attempt}
        yield Sent(job.completed, event)
