"""Attempts of runs over midnight, and their jobs, as events: each lies on two days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def run(run_id: str, attempt: int, day: int, *listed_jobs: str) -> Mapping[str, Any]:
    """Return an attempt of March 2026 that lists these jobs."""
    return {
        "schema": "pipeline_run.v1.3",
        "run_id": run_id,
        "run_attempt": attempt,
        "provider": "github",
        "repo": "acme/shop",
        "commit_sha": "a" * 40,
        "branch": "main",
        "environment": "dev",
        "started_at": f"2026-03-{day:02d}T23:58:00Z",
        "ended_at": f"2026-03-{day + 1:02d}T00:06:00Z",
        "status": "success",
        "jobs": [
            {"id": name, "name": name, "status": "success", "duration_ms": 60_000, **_times(day)}
            for name in listed_jobs
        ],
    }


def job(run_id: str, attempt: int, day: int) -> Mapping[str, Any]:
    """Return a job that was told apart from its run."""
    return {
        "schema": "pipeline_job.v1.0",
        "provider": "github",
        "repo": "acme/shop",
        "run_id": run_id,
        "run_attempt": attempt,
        "job_id": f"{run_id}{attempt}",
        "name": "build",
        "status": "success",
        **_times(day),
    }


def _times(day: int) -> Mapping[str, str]:
    return {
        "queued_at": f"2026-03-{day:02d}T23:59:00Z",
        "started_at": f"2026-03-{day + 1:02d}T00:01:00Z",
        "completed_at": f"2026-03-{day + 1:02d}T00:05:00Z",
    }
