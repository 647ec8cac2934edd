"""A run that both its pipeline and the provider's API report is one row: the API's times, the pipeline's tests."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dbt_project import run_dbt_on
from hub import COMMIT, Hub

RUN = {
    "id": 42, "name": "CI", "run_number": 17, "run_attempt": 2, "event": "push", "status": "completed",
    "conclusion": "success", "head_branch": "main", "head_sha": COMMIT, "created_at": "2026-02-03T10:00:00Z",
    "run_started_at": "2026-02-03T10:00:05Z", "updated_at": "2026-02-03T10:04:00Z", "path": ".github/workflows/ci.yml",
    "url": "https://api.github.com/repos/acme/shop/actions/runs/42", "workflow_id": 1, "jobs_url": "",
    "html_url": "https://github.com/acme/shop/actions/runs/42", "actor": {"login": "octo", "type": "User"},
    "repository": {"full_name": "acme/shop", "default_branch": "main"},
}  # fmt: skip
JOB = {
    "id": 501, "run_id": 42, "run_attempt": 2, "name": "test", "status": "completed", "conclusion": "success",
    "head_sha": COMMIT, "head_branch": "main", "created_at": "2026-02-03T10:00:05Z",
    "started_at": "2026-02-03T10:00:20Z", "completed_at": "2026-02-03T10:03:50Z", "labels": ["ubuntu-latest"],
    "url": "https://api.github.com/repos/acme/shop/actions/jobs/501",
    "run_url": "https://api.github.com/repos/acme/shop/actions/runs/42", "workflow_name": "CI", "steps": [],
    "html_url": "https://github.com/acme/shop/actions/runs/42/job/501", "runner_name": "GitHub Actions 1",
}  # fmt: skip
JUNIT = b'<testsuite name="cart"><testcase name="adds"/><testcase name="pays"/></testsuite>'
IN_CI = {
    "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_SHA": COMMIT, "GITHUB_REF_NAME": "main", "GITHUB_EVENT_NAME": "push", "GITHUB_WORKFLOW": "CI",
    "GITHUB_JOB": "test", "RUNNER_OS": "Linux", "RUNNER_ENVIRONMENT": "github-hosted", "GITHUB_EVENT_PATH": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def both(shared_hub: Hub) -> Hub:
    """A hub to which the pipeline reported its run, and the collector brought the API's words on it."""
    hub = shared_hub
    junit, jobs, out = hub.file("junit.xml", JUNIT), hub.folder / "jobs.ndjson", hub.folder / "run.json"
    recorded = hub.run(
        "record", "job", "--out", jobs, "--job", "test", "--status", "success", "--duration-ms", "210000", env=IN_CI
    )
    emitted = hub.run(
        "emit", "pipeline-run", junit, jobs, "--status", "success", "--started-at", "2026-02-03T10:00:21Z",
        "--whole-run", "--runner-label", "ubuntu-latest", "--out", out, env=IN_CI,
    )  # fmt: skip
    assert (recorded.exit_code, emitted.exit_code) == (0, 0), emitted.output
    hub.load(out)
    hub.load(hub.file("runs.json", json.dumps({"total_count": 1, "workflow_runs": [RUN]}).encode()))
    hub.load(hub.file("jobs.json", json.dumps({"total_count": 1, "jobs": [JOB]}).encode()))
    run_dbt_on(
        hub, "build", "--select", "+pipeline_runs", "+int_pipeline_jobs_priced",
        "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test",
    )  # fmt: skip
    return hub


def test_it_is_one_run_with_the_providers_times_and_the_pipelines_tests(both: Hub) -> None:
    rows: list[tuple[Any, ...]] = both.rows(
        "select run_id, run_attempt, cast(started_at as varchar), cast(ended_at as varchar), measured_by, test_count"
        " from marts.pipeline_runs"
    )

    assert rows == [("42", 2, "2026-02-03 10:00:05", "2026-02-03 10:04:00", "api", 2)]


def test_its_job_is_the_providers_not_counted_twice(both: Hub) -> None:
    assert both.rows("select job_id, job_name, duration_ms from marts.pipeline_jobs") == [("501", "test", 210_000)]


def test_the_price_that_the_pipeline_said_is_the_one_that_the_models_reckon(both: Hub) -> None:
    [(said,)] = both.rows("select cost_usd from marts.pipeline_runs")
    [(reckoned,)] = both.rows("select sum(cost_usd) from intermediate.int_pipeline_jobs_priced")

    # Four begun minutes on Linux in 2026.
    assert (said, reckoned) == (pytest.approx(0.024), pytest.approx(0.024))
