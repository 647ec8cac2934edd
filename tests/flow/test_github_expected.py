"""
Recorded answers of GitHub's API, and what another product made of them: status, result and duration of each.

The dumps hold the API's object in a column of a CSV; here it is taken out, loaded by the real command, and read
from the marts. Every difference has the name of a rule, and each rule is met exactly as often as is said here.

Source: apache/incubator-devlake, backend/plugins/github/e2e. Its rows of 15 to 18 runs and jobs were added by hand,
with a state where GitHub writes `completed`, in order to cover a mapping.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from collections import Counter
from typing import Any

import pytest
from dbt_project import PROJECT, run_dbt_on
from hub import Hub

from ci_intel.moments import utc

pytestmark = pytest.mark.corpus

CI_API = PROJECT / os.environ.get("HUB_CORPUS", "../shared/corpus") / "ci_api"
THEIR_WORDS = {
    ("DONE", "SUCCESS"): "success",
    ("DONE", "FAILURE"): "failed",
    ("IN_PROGRESS", ""): "running",
    ("OTHER", ""): "other",
}
GITHUBS_STATES = {"completed", "in_progress", "queued", "waiting", "pending", "requested"}


def rows(folder: str, name: str) -> list[dict[str, str]]:
    path = CI_API / folder / "apache__incubator-devlake" / name
    csv.field_size_limit(1 << 24)
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(content.decode())))


def objects(name: str) -> list[dict[str, Any]]:
    return [json.loads(row["data"]) for row in rows("github_raw_csv", name)]


RUNS = "github___raw_github_api_runs.csv.gz"
JOBS = "github___raw_github_api_jobs.csv"


@pytest.fixture(scope="module")
def built(shared_hub: Hub) -> Hub:
    """A hub into which the recorded runs and jobs were loaded, built up to the marts of both."""
    for name in (RUNS, JOBS):
        shared_hub.load(shared_hub.file(f"{name.partition('.')[0]}.json", json.dumps(objects(name)).encode()))
    run_dbt_on(
        shared_hub,
        "build",
        *("--select", "+pipeline_runs", "+pipeline_jobs", "--exclude-resource-type", "unit_test", "test"),
    )
    return shared_hub


def theirs(name: str) -> dict[str, tuple[str, int]]:
    """Return their word and their seconds by the id of GitHub."""
    return {
        row["id"].rpartition(":")[2]: (THEIR_WORDS[row["status"], row["result"]], int(row["duration_sec"]))
        for row in rows("github_expected_csv", name)
    }


def seconds(begins: str, ends: str) -> float:
    return (utc(ends) - utc(begins)).total_seconds()


def rule(part: dict[str, Any], their_word: str, their_seconds: int, our_word: str, our_ms: int | None) -> str:
    """Name the rule by which an answer of ours is theirs or is not; `unexplained` if there is none."""
    is_hand_added = part["status"] not in GITHUBS_STATES
    if our_word == "running":
        # Unfinished runs have no duration: `updated_at` of one is only when somebody last looked.
        if our_ms is not None:
            return "unexplained"
        return {
            "running": "unfinished, to which they give a duration",
            "other": "requested, which is not over, and no other outcome",
        }.get(their_word, "unexplained")
    if our_word == "unknown" and is_hand_added and our_ms in (None, their_seconds * 1000):
        return "a state that GitHub does not write, so that nothing is decided"
    if our_ms != their_seconds * 1000:
        return "unexplained"
    if our_word == their_word:
        return "the same"
    if (our_word, their_word) == ("canceled", "failed"):
        return "canceled, which they count as failed"
    return "unexplained"


def compared(parts: list[dict[str, Any]], expected: dict[str, tuple[str, int]], ours: dict[str, Any]) -> Counter[str]:
    assert len({part["id"] for part in parts}) == len(parts) == len(expected) == len(ours) == 35
    return Counter(rule(part, *expected[str(part["id"])], *ours[str(part["id"])]) for part in parts)


def test_each_run_has_their_status_result_and_duration_but_for_named_rules(built: Hub) -> None:
    ours = {
        run_id: (status, duration)
        for run_id, status, duration in built.rows("select run_id, run_status, duration_ms from marts.pipeline_runs")
    }

    assert compared(objects(RUNS), theirs("github__cicd_pipelines.csv"), ours) == {
        "the same": 19,
        "unfinished, to which they give a duration": 6,
        "requested, which is not over, and no other outcome": 1,
        "a state that GitHub does not write, so that nothing is decided": 9,
    }


def test_each_job_has_their_status_result_and_duration_but_for_named_rules(built: Hub) -> None:
    ours = {
        job_id: (status, duration)
        for job_id, status, duration in built.rows("select job_id, job_status, duration_ms from marts.pipeline_jobs")
    }

    assert compared(objects(JOBS), theirs("github__cicd_tasks.csv"), ours) == {
        "the same": 13,
        "unfinished, to which they give a duration": 6,
        "requested, which is not over, and no other outcome": 1,
        "canceled, which they count as failed": 6,
        "a state that GitHub does not write, so that nothing is decided": 9,
    }


def test_a_rerun_lasts_from_its_own_start_as_theirs_does_and_not_from_the_creation_of_its_run(built: Hub) -> None:
    lengths = {
        str(run["id"]): (
            seconds(run["run_started_at"], run["updated_at"]),
            seconds(run["created_at"], run["updated_at"]),
        )
        for run in objects(RUNS)
        if run["run_attempt"] == 2 and run["status"] == "completed"
    }
    ours = dict(built.rows("select run_id, duration_ms / 1000 from marts.pipeline_runs where run_attempt = 2"))

    assert len(lengths) == 6
    assert {run_id: ours[run_id] for run_id in lengths} == {run_id: own for run_id, (own, _) in lengths.items()}
    assert all(since_creation > 86_400 for _, since_creation in lengths.values())


def test_canceled_jobs_and_invented_states_halve_their_success_ratio_and_are_on_neither_side_of_ours(
    built: Hub,
) -> None:
    [(succeeded, concluded)] = built.rows(
        "select count(*) filter (where job_status = 'success'), "
        "count(*) filter (where job_status in ('success', 'failed', 'timed_out')) from marts.pipeline_jobs"
    )
    words = Counter(word for word, _ in theirs("github__cicd_tasks.csv").values())

    assert (succeeded, concluded) == (11, 13)
    assert (words["success"], words["success"] + words["failed"]) == (12, 24)
