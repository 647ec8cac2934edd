"""
GitLab's and Jenkins's runs and jobs against what another product made of the same answers.

Apache DevLake recorded answers of both APIs, one object a row, and wrote down what it made of them. Here the
objects are loaded by the real command, the real models are built, and each run and each job is compared: its
status, its result, its duration. Where the two differ, a rule of ours says why, and how often is counted.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from dbt_project import run_dbt_on
from hub import COMMIT, PROJECT, Hub

pytestmark = pytest.mark.corpus

GITLAB_DUMPS = (
    "gitlab_raw_csv/apache__incubator-devlake/gitlab___raw_gitlab_api_pipeline_details.csv",
    "gitlab_raw_csv/apache__incubator-devlake/gitlab___raw_gitlab_api_pipeline.csv",
    "gitlab_raw_csv/apache__incubator-devlake/gitlab___raw_gitlab_api_job.csv.gz",
    "gitlab_raw_csv/apache__incubator-devlake/gitlab___raw_gitlab_api_trigger_job.csv",
    "gitlab_raw_csv/apache__incubator-devlake/gitlab___raw_gitlab_api_deployments.csv",
)
JENKINS_RAW = "jenkins_raw_csv/apache__incubator-devlake/jenkins___raw_jenkins_api_"
GITLAB_EXPECTED = "gitlab_expected_csv/apache__incubator-devlake/gitlab__"
JENKINS_EXPECTED = "jenkins_expected_csv/apache__incubator-devlake/jenkins__"
RESULTS = {"success": "SUCCESS", "failed": "FAILURE", "timed_out": "FAILURE"}
"""DevLake's word for each of our statuses that is a result; the others are none."""

# Why the two differ, each by its rule.
CANCELED_IS_NO_FAILURE = "canceled runs are on neither side of the success ratio"
UNSTABLE_IS_A_FAILURE = "failing tests fail a run"
UNKNOWN_IS_COUNTED = "a word that nobody mapped is unknown, and counted"
UNFINISHED_HAS_NO_DURATION = "unfinished runs have no duration"
UNKNOWN_IS_NOT_ZERO = "what never started has no duration, not one of zero"
FROM_START_TO_END = "a duration is from the attempt's start to its end, not the time in which its jobs ran"


def rows(path: str) -> list[dict[str, str]]:
    """Return the rows of a table of the corpus."""
    # A cell may hold a whole answer.
    csv.field_size_limit(1 << 24)
    data = (PROJECT / os.environ.get("HUB_CORPUS", "../shared/corpus") / "ci_api" / path).read_bytes()
    text = gzip.decompress(data) if path.endswith(".gz") else data
    return list(csv.DictReader(io.StringIO(text.decode())))


def unwrapped(path: str) -> list[dict[str, Any]]:
    """Return the objects that the API answered with."""
    return [json.loads(row["data"]) for row in rows(path)]


@pytest.fixture(scope="module")
def built(shared_hub: Hub) -> Hub:
    """A hub with all that was recorded of both, and the marts of runs, jobs and deployments."""
    for path in GITLAB_DUMPS:
        name = f"gitlab/{Path(path).name.partition('.')[0]}.json"
        shared_hub.file(name, json.dumps(unwrapped(path)).encode())
    shared_hub.load(shared_hub.folder / "gitlab")
    for kind in ("builds", "builds_multibranch", "stages", "stages_multibranch"):
        # Many of the builds checked nothing out; each by itself can be given a commit.
        for place, row in enumerate(rows(f"{JENKINS_RAW}{kind}.csv")):
            shared_hub.file(f"jenkins/{kind}/{place:03}.json", row["data"].encode())
    shared_hub.load(shared_hub.folder / "jenkins", "--repository", "acme/jenkins", "--commit", COMMIT)
    run_dbt_on(
        shared_hub,
        *("build", "--select", "+pipeline_runs", "+pipeline_jobs", "+deployments"),
        *("--exclude-resource-type", "unit_test", "test"),
    )
    return shared_hub


def marts(hub: Hub, table: str, provider: str, *columns: str) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Return rows of a mart by their first columns but two: status and duration in milliseconds."""
    found = hub.rows(f"select {', '.join(columns)} from marts.{table} where provider = '{provider}'")
    by_key = {row[:-2]: row[-2:] for row in found}
    assert len(by_key) == len(found)
    return by_key


def seconds(text: str) -> float:
    """Return DevLake's duration, which is zero where there is none."""
    return float(text or 0)


def test_everything_that_was_recorded_of_gitlab_is_there_once(built: Hub) -> None:
    assert built.rows("select count(*) from marts.pipeline_runs where provider = 'gitlab'") == [(16 + 29,)]
    assert built.rows("select count(*) from marts.pipeline_jobs where provider = 'gitlab'") == [(75 + 1,)]
    assert built.rows("select distinct repository from marts.pipeline_runs where provider = 'gitlab' order by 1") == [
        ("merico-dev/ee/charts",),
        ("merico-dev/ee/vdev.co",),
    ]


def test_each_pipeline_of_gitlab_has_devlakes_status_result_and_queue(built: Hub) -> None:
    ours = marts(built, "pipeline_runs", "gitlab", "run_id", "queue_ms", "run_status", "duration_ms")
    by_id = {run_id: (queue_ms, status) for (run_id, queue_ms), (status, _) in ours.items()}
    expected = rows(f"{GITLAB_EXPECTED}cicd_pipelines.csv")

    assert len(expected) == 16
    for row in expected:
        queue_ms, status = by_id[row["id"].rpartition(":")[2]]
        assert (row["status"], RESULTS[status]) == ("DONE", row["result"])
        assert queue_ms == 1000 * seconds(row["queued_duration_sec"])


def test_a_pipeline_of_gitlab_lasts_from_start_to_end_and_devlake_counts_the_time_in_which_jobs_ran(built: Hub) -> None:
    ours = marts(built, "pipeline_runs", "gitlab", "run_id", "run_status", "duration_ms")
    why: Counter[str] = Counter()
    pairs = []
    for row in rows(f"{GITLAB_EXPECTED}cicd_pipelines.csv"):
        _, duration_ms = ours[(row["id"].rpartition(":")[2],)]
        pairs.append((duration_ms / 1000, seconds(row["duration_sec"])))
        why["same" if abs(pairs[-1][0] - pairs[-1][1]) < 1 else FROM_START_TO_END] += 1

    assert why == {"same": 2, FROM_START_TO_END: 14}
    # Somebody retried a job of one pipeline on the day after: 25 minutes of jobs, 18.6 hours until it was through.
    assert max(pairs) == (67039.625, 1512)
    assert (round(sum(ours for ours, _ in pairs)), sum(theirs for _, theirs in pairs)) == (83505, 17644)


def test_each_job_of_gitlab_has_devlakes_result_but_where_it_was_canceled(built: Hub) -> None:
    ours = marts(built, "pipeline_jobs", "gitlab", "job_id", "job_status", "duration_ms")
    why: Counter[tuple[str, str]] = Counter()
    for row in rows(f"{GITLAB_EXPECTED}cicd_tasks.csv"):
        status, _ = ours[(row["id"].rpartition(":")[2],)]
        is_same = RESULTS.get(status, "") == row["result"]
        assert is_same or status == "canceled"
        why[(row["result"], "same" if is_same else CANCELED_IS_NO_FAILURE)] += 1

    assert why == {
        ("SUCCESS", "same"): 22,
        ("FAILURE", "same"): 43,
        ("", "same"): 8,
        ("FAILURE", CANCELED_IS_NO_FAILURE): 2,
    }


def test_each_job_of_gitlab_has_devlakes_duration_if_it_was_started_and_has_ended(built: Hub) -> None:
    ours = marts(built, "pipeline_jobs", "gitlab", "job_id", "job_status", "duration_ms")
    why: Counter[str] = Counter()
    for row in rows(f"{GITLAB_EXPECTED}cicd_tasks.csv"):
        status, duration_ms = ours[(row["id"].rpartition(":")[2],)]
        theirs = seconds(row["duration_sec"])
        if duration_ms is not None:
            assert abs(duration_ms / 1000 - theirs) < 0.002
            why["same"] += 1
        elif theirs == 0:
            assert not row["started_date"]
            why[UNKNOWN_IS_NOT_ZERO] += 1
        else:
            # Rows that were edited to show each state kept the times of the job that they were copied from.
            assert status in ("running", "action_required")
            why[UNFINISHED_HAS_NO_DURATION] += 1

    assert why == {"same": 33, UNKNOWN_IS_NOT_ZERO: 35, UNFINISHED_HAS_NO_DURATION: 7}


def test_each_deployment_of_gitlab_has_devlakes_result_but_for_words_and_cancellations(built: Hub) -> None:
    ours = {
        deployment_id: (status, word)
        for deployment_id, status, word in built.rows(
            "select deployment_id, status, status_original from marts.deployments where provider = 'gitlab'"
        )
    }
    why: Counter[str] = Counter()
    for row in rows(f"{GITLAB_EXPECTED}cicd_deployments.csv"):
        status, word = ours[row["id"].rpartition(":")[2]]
        assert word == row["original_status"]
        if RESULTS.get(status, "") == row["result"] and status != "unknown":
            why["same"] += 1
        elif status == "canceled":
            why[CANCELED_IS_NO_FAILURE] += 1
        else:
            # `completed` and `undeployed` are DevLake's; GitLab has no such state.
            assert word in ("completed", "undeployed")
            assert status == "unknown"
            why[UNKNOWN_IS_COUNTED] += 1

    assert why == {"same": 5, CANCELED_IS_NO_FAILURE: 1, UNKNOWN_IS_COUNTED: 2}


@pytest.mark.parametrize(
    ("suffix", "results", "durations"),
    [
        (
            "",
            {"same": 10, CANCELED_IS_NO_FAILURE: 1, UNSTABLE_IS_A_FAILURE: 1, UNKNOWN_IS_COUNTED: 1},
            {"same": 10, UNFINISHED_HAS_NO_DURATION: 3},
        ),
        ("_multibranch", {"same": 13, CANCELED_IS_NO_FAILURE: 2}, {"same": 15}),
    ],
    ids=["builds of jobs", "builds of branches"],
)
def test_each_build_of_jenkins_has_devlakes_result_and_duration_but_for_stated_reasons(
    built: Hub, suffix: str, results: dict[str, int], durations: dict[str, int]
) -> None:
    ours = marts(built, "pipeline_runs", "jenkins", "run_id", "run_status", "duration_ms")
    builds = {row["id"]: json.loads(row["data"]) for row in rows(f"{JENKINS_RAW}builds{suffix}.csv")}
    why_results: Counter[str] = Counter()
    why_durations: Counter[str] = Counter()
    for row in rows(f"{JENKINS_EXPECTED}cicd_pipelines{suffix}.csv"):
        name = builds[row["_raw_data_id"]]["fullDisplayName"]
        status, duration_ms = ours[(name.replace(" » ", "/").replace(" #", "#"),)]
        assert (status == "running") == (row["status"] == "IN_PROGRESS")
        why_results[_why(status, row)] += 1
        if duration_ms is None:
            assert status == "running"
            assert seconds(row["duration_sec"]) > 0
            why_durations[UNFINISHED_HAS_NO_DURATION] += 1
        else:
            assert duration_ms == round(1000 * seconds(row["duration_sec"]))
            why_durations["same"] += 1

    assert why_results == results
    assert why_durations == durations


def _why(status: str, row: dict[str, str]) -> str:
    """Return why a build has another result than in DevLake's table, by the word that Jenkins gave it."""
    word = row["original_result"]
    if word == "ABORTED":
        assert (status, row["result"]) == ("canceled", "FAILURE")
        return CANCELED_IS_NO_FAILURE
    if word == "UNSTABLE":
        assert (status, row["result"]) == ("failed", "")
        return UNSTABLE_IS_A_FAILURE
    if word == "NOT_BUILD":
        # Jenkins writes NOT_BUILT, which means skipped.
        assert (status, row["result"]) == ("unknown", "")
        return UNKNOWN_IS_COUNTED
    assert RESULTS.get(status, "") == row["result"]
    return "same"


@pytest.mark.parametrize(("suffix", "statuses"), [
    ("", {"SUCCESS/success": 9, "FAILED/failed": 3, "ABORTED/canceled": 2, "/unknown": 1, "edited": 6}),
    ("_multibranch", {"SUCCESS/success": 57, "ABORTED/canceled": 8}),
], ids=["stages of jobs", "stages of branches"])  # fmt: skip
def test_each_stage_of_jenkins_has_devlakes_status_and_duration(
    built: Hub, suffix: str, statuses: dict[str, int]
) -> None:
    ours = marts(built, "pipeline_jobs", "jenkins", "run_id", "job_id", "job_status", "duration_ms")
    stages = {row["id"]: json.loads(row["data"]) for row in rows(f"{JENKINS_RAW}stages{suffix}.csv")}
    # Some rows were edited from one stage: the same stage of the same run, with each status once. One of them counts.
    told = Counter(address for address, _ in {(_address(stage), stage["status"]) for stage in stages.values()})
    found: Counter[str] = Counter()
    for row in rows(f"{JENKINS_EXPECTED}_tool_jenkins_stages{suffix}.csv"):
        stage = stages[row["_raw_data_id"]]
        if told[_address(stage)] > 1:
            found["edited"] += 1
            continue
        status, duration_ms = ours[(_run_of(stage), stage["id"])]
        found[f"{row['status']}/{status}"] += 1
        assert duration_ms == (int(row["duration_millis"]) if row["status"] else None)

    assert found == statuses


def _address(stage: dict[str, Any]) -> str:
    return str(stage["_links"]["self"]["href"])


def _run_of(stage: dict[str, Any]) -> str:
    """Return `job/folder/…#number` of a stage's address, counted by its steps rather than matched."""
    steps = _address(stage).partition("/execution/")[0].split("/")
    jobs = [unquote(steps[place + 1]) for place, step in enumerate(steps) if step == "job"]
    return f"{'/'.join(jobs)}#{steps[-1]}"


def test_the_words_that_nobody_mapped_are_counted(built: Hub) -> None:
    assert built.rows(
        "select provider, status_original, count(*) from marts.pipeline_runs where has_unmapped_status group by all"
    ) == [("jenkins", "NOT_BUILD", 1)]
