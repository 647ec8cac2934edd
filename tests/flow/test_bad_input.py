"""What becomes in the marts of evidence that is good as a line, and yet says less than one would like."""

from __future__ import annotations

from typing import Any

import pytest
from dbt.cli.main import dbtRunnerResult
from dbt_project import run_dbt_on
from hub import COMMIT, Hub, lines

DAY = "2026-03-02"


def run(run_id: str, **fields: Any) -> dict[str, Any]:
    """Return a run that says only what it has to."""
    return {
        "schema": "pipeline_run.v1.3",
        "provider": "buildomatic",
        "run_id": run_id,
        "repo": "acme/unheard-of",
        "commit_sha": COMMIT,
        "workflow": "ci",
        "started_at": f"{DAY}T10:00:00Z",
        "ended_at": f"{DAY}T10:05:00Z",
        "status": "success",
        **fields,
    }


@pytest.fixture(scope="module")
def warned(shared_hub: Hub) -> tuple[Hub, dbtRunnerResult]:
    """A hub with runs without jobs and tests, one of which ended in a word that nobody has mapped."""
    events = lines(
        run("1"),
        run("2", status="failed"),
        run("3", status="unknown", status_original="exploded"),
        run("4", jobs=[{"id": "j", "name": "unit", "status": "success", "duration_ms": 60000}]),
    )
    shared_hub.load(shared_hub.file("runs.ndjson", events))
    return shared_hub, run_dbt_on(shared_hub, "build", "--exclude-resource-type", "unit_test")


def test_a_word_that_nobody_has_mapped_is_unknown_and_on_neither_side_of_a_ratio(
    warned: tuple[Hub, dbtRunnerResult],
) -> None:
    hub, _ = warned

    [counts] = hub.rows(
        "select run_count, unknown_run_count, concluded_run_count, succeeded_run_count from marts.run_health"
    )
    assert hub.value("select run_status from marts.pipeline_runs where run_id = '3'") == "unknown"
    assert counts == (4, 1, 3, 2)


def test_a_word_that_nobody_has_mapped_is_counted_and_warned_about(warned: tuple[Hub, dbtRunnerResult]) -> None:
    hub, result = warned

    of_runs = "select unmapped_word_count from marts.data_trust where topic = 'pipeline_run' and not is_simulated"
    warned_of = {each.node.name: each.failures for each in result.result.results if str(each.status) == "warn"}
    assert hub.value(of_runs) == 1
    assert {number for name, number in warned_of.items() if "has_unmapped_status" in name} == {1}


def test_a_run_without_jobs_has_no_job_time_and_no_wait_rather_than_none_of_either(
    warned: tuple[Hub, dbtRunnerResult],
) -> None:
    hub, _ = warned

    runs = hub.rows("select run_id, job_count, job_ms from marts.pipeline_runs order by run_id")
    assert runs == [("1", None, None), ("2", None, None), ("3", None, None), ("4", 1, 60000)]
    assert hub.rows("select queue_count, queue_p50_ms from marts.run_health") == [(0, None)]


def test_a_run_without_tests_says_nothing_of_tests(warned: tuple[Hub, dbtRunnerResult]) -> None:
    hub, _ = warned

    assert hub.rows("select distinct test_count, failed_test_count from marts.pipeline_runs") == [(None, None)]
    assert hub.value("select count(*) from marts.test_health") == 0
    assert hub.value("select count(*) from marts.mutation_effectiveness") == 0


def test_a_repository_that_is_in_no_catalogue_is_counted_and_belongs_to_nobody(
    warned: tuple[Hub, dbtRunnerResult],
) -> None:
    hub, _ = warned

    assert hub.rows("select distinct repository, team from marts.pipeline_runs") == [
        ("acme/unheard-of", "unregistered")
    ]
