"""Collected straight into BigQuery: killed and resumed, it holds what an undisturbed collection leaves in DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cloud import Cloud
from collecting import arguments, collect
from hub import Hub
from replay import BEGIN, TOKEN, Server, World, artifact, serving, shop, zipped

pytestmark = pytest.mark.bigquery
JUNIT = b'<testsuite name="cart"><testcase classname="cart" name="adds" time="0.1"/></testsuite>'
LEDGER = (
    "select load_id, generation, event_count, loaded_event_count, source_name, context_source from raw.loads",
    "select distinct kind, name, mark from raw.positions where kind not in ('through', 'since')",
)
ROWS = {
    "pipeline_runs": "provider, repository, run_id, run_attempt, status, started_at, _load_id",
    "pipeline_jobs": "run_id, run_attempt, job_id, status, started_at, _load_id",
    "deployments": "deployment_id, status, started_at, finished_at, _load_id",
    "pull_requests": "number, first_review_at, merged_at, _load_id",
    "releases": "tag, artifact_digest, released_at, _load_id",
    "test_suites": "run_id, run_attempt, suite, _load_id",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A repository with some of everything, and three artifacts of one run."""
    repo = shop(runs=30)
    for number, job in enumerate((None, "unit", "lint")):
        report = zipped(("junit.xml", JUNIT.replace(b"cart", str(job).encode())))
        artifact(repo, 900 + number, 1_000_000, report, made_at=BEGIN + timedelta(minutes=number), job=job)
    with serving(World(repo)) as server:
        yield server


def left_behind(hub: Hub) -> list[list[Any]]:
    """Return what a collection left, moments without the zone that BigQuery names."""
    # BigQuery does not open these tables without a filter on what they are partitioned by.
    rows_of = [f"select {names} from raw.{table} where _loaded_at > '2000-01-01'" for table, names in ROWS.items()]
    return [
        sorted(
            ([value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value for value in row] for row in rows),
            key=repr,
        )
        for rows in map(hub.rows, (*LEDGER, *rows_of))
    ]


def test_killed_and_resumed_it_holds_what_an_undisturbed_collection_leaves_in_duckdb(
    tmp_path: Path, bigquery_address: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_INTEL_GITHUB_TOKEN", TOKEN)
    undisturbed = Hub(tmp_path / "duckdb")
    undisturbed.path.parent.mkdir(parents=True)
    assert collect(undisturbed, server).exit_code == 0
    cloud = Cloud(tmp_path / "cloud", emulator=bigquery_address)

    asked = len(server.requests)
    killed = []
    for place, fault in enumerate(("after_commit:1", "before_position:2", None)):
        environment = {"CI_INTEL_FAULT": fault} if fault else {}
        process = cloud.start(
            *arguments(server, "--json", *(["--create-dataset"] if not place else [])), env=environment
        )
        if not fault:
            server.requests.clear()
            server.victim, server.kills_at = process.pid, asked // 3
        process.communicate(timeout=300)
        server.kills_at = None
        killed.append(process.returncode)
    resumed = collect(cloud, server)
    again = collect(cloud, server)

    assert killed == [-9, -9, -9]
    assert (resumed.exit_code, resumed.problems) == (0, [])
    assert left_behind(cloud) == left_behind(undisturbed)
    assert again.repositories[0]["collected"] == {}
    assert cloud.tables("uploads") == set()
