"""From events to the delivery marts: corrections, and another product's answers."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from ci_intel.cli import cli

PROJECT = Path(__file__).parents[2]
ORACLES = (PROJECT / os.environ.get("HUB_CORPUS", "../shared/corpus")).parent / "oracles" / "dora"


def built(folder: Path, files: Iterable[Iterable[Mapping[str, Any]]]) -> duckdb.DuckDBPyConnection:
    """Load the files in their order, build the delivery models, and open the warehouse."""
    warehouse = folder / "hub.duckdb"
    for number, events in enumerate(files):
        path = folder / f"{number}.ndjson"
        path.write_text("".join(json.dumps(event) + "\n" for event in events))
        loaded = CliRunner().invoke(cli, ["load", str(path), "--warehouse", f"duckdb:///{warehouse}"])
        assert loaded.exit_code == 0, loaded.output
    build = subprocess.run(
        [
            *(sys.executable, "-m", "dbt.cli.main", "build"),
            *("--select", "+dora", "+incidents", "+lead_time_stages", "+int_releases_current"),
            *("--exclude", "test_type:unit"),
            *("--vars", "{as_of: '2026-03-01 12:00:00'}"),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        cwd=PROJECT,
        env={**os.environ, "CI_INTEL_WAREHOUSE": f"duckdb:///{warehouse}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stdout[-4000:]
    return duckdb.connect(str(warehouse), read_only=True)


def deployment(number: str, **fields: Any) -> dict[str, Any]:
    return {
        "schema": "deployment.v1.0",
        "provider": "argocd",
        "deployment_id": number,
        "repo": "shop/cart",
        "service": "cart",
        "environment": "production",
        "is_production": True,
        "status": "success",
        **fields,
    }


def sha(name: str) -> str:
    return hashlib.sha1(name.encode()).hexdigest()


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    first = deployment("1", started_at="2026-02-02T10:00:00Z", finished_at="2026-02-02T10:05:00Z")
    second = deployment(
        "2",
        started_at="2026-02-03T10:00:00Z",
        finished_at="2026-02-03T10:05:00Z",
        emitted_at="2026-02-03T10:05:00Z",
        commits=[{"sha": sha(name), "committed_at": "2026-02-03T09:05:00Z"} for name in ("kept", "withdrawn")],
    )
    rollback = deployment("3", started_at="2026-02-03T11:00:00Z", finished_at="2026-02-03T11:05:00Z", is_rollback=True)
    incident = {
        "schema": "incident.v1.0",
        "provider": "pagerduty",
        "incident_id": "7",
        "service": "cart",
        "opened_at": "2026-02-03T10:35:00Z",
    }
    release = {"schema": "release.v1.0", "repo": "shop/cart", "tag": "latest", "released_at": "2026-02-03T09:00:00Z"}
    connection = built(
        tmp_path_factory.mktemp("corrected"),
        [
            [first, second, rollback],
            [{**second, "emitted_at": "2026-02-04T00:00:00Z", "commits": second["commits"][:1]}],
            # The newer version of the incident arrives before the older one.
            [{**incident, "updated_at": "2026-02-03T10:50:00Z", "resolved_at": "2026-02-03T10:50:00Z"}],
            [{**incident, "updated_at": "2026-02-03T10:35:00Z"}],
            [{**release, "artifact_digest": f"sha256:{'a' * 64}", "emitted_at": "2026-02-03T09:00:00Z"}],
            [{**release, "artifact_digest": f"sha256:{'b' * 64}", "emitted_at": "2026-02-05T09:00:00Z"}],
        ],
    )
    yield connection
    connection.close()


def test_an_older_version_of_an_incident_that_arrives_late_does_not_reopen_it(
    corrected: duckdb.DuckDBPyConnection,
) -> None:
    incidents = corrected.execute("select is_open, deployment_id, attribution_method from marts.incidents").fetchall()

    assert incidents == [(False, "2", "service")]


def test_a_commit_that_a_correction_left_out_is_no_longer_shipped(corrected: duckdb.DuckDBPyConnection) -> None:
    commits = corrected.execute(
        "select commit_sha, lead_time_ms from intermediate.int_deployment_commits_shipped"
    ).fetchall()

    assert commits == [(sha("kept"), 3_600_000)]


def test_a_tag_that_was_moved_names_its_newest_digest(corrected: duckdb.DuckDBPyConnection) -> None:
    digests = corrected.execute("select artifact_digest from intermediate.int_releases_current").fetchall()

    assert digests == [(f"sha256:{'b' * 64}",)]


def test_a_bad_deployment_fails_once_and_recovers_at_the_first_of_resolution_and_rollback(
    corrected: duckdb.DuckDBPyConnection,
) -> None:
    [week] = corrected.execute(
        """
        select deployment_count, failed_deployment_count, change_failure_ratio, recovery_time_p50_ms,
            rework_deployment_count, change_lead_time_p50_ms
        from marts.dora where week_start_date = '2026-02-02'
        """
    ).fetchall()

    assert week == (3, 1, 1 / 3, 45 * 60_000, 1, 3_600_000)


def rows(path: str) -> list[dict[str, str]]:
    with (ORACLES / path).open(newline="") as file:
        return list(csv.DictReader(file))


def moment(text: str) -> str:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).isoformat()


def told(provider: str, row: Mapping[str, str], commits: Iterable[Mapping[str, str]] = ()) -> dict[str, Any]:
    """Tell a deployment of the oracle as an event of ours: their scope is our service."""
    return deployment(
        row["id"],
        provider=provider,
        repo=f"{provider}/{row['repo_url']}",
        service=row["cicd_scope_id"],
        environment=row["environment"] or "(none)",
        is_production=row["environment"] == "PRODUCTION",
        status={"SUCCESS": "success", "FAILURE": "failed"}[row["result"]],
        started_at=row["started_date"],
        finished_at=row["finished_date"],
        commit_sha=sha(row["commit_sha"]),
        commits=list(commits),
    )


def change(row: Mapping[str, str]) -> dict[str, Any]:
    """Tell a pull request of the oracle as an event of ours; it knows no approval: there a merge ends the review."""
    repo_urls = {"repo1": "REPO111", "repo2": "REPO222", "repo3": "REPO333"}
    reviews = [
        moment(comment["created_date"])
        for comment in rows("change_lead_time/pull_request_comments.csv")
        if comment["pull_request_id"] == row["id"] and comment["account_id"] != row["author_id"]
    ]
    commits = [
        {"sha": sha(commit["commit_sha"]), "authored_at": moment(commit["commit_authored_date"])}
        for commit in rows("change_lead_time/pull_request_commits.csv")
        if commit["pull_request_id"] == row["id"]
    ]
    event = {
        "schema": "pull_request.v1.0",
        "provider": "lead",
        "repo": f"lead/{repo_urls[row['base_repo_id']]}",
        "number": int(row["id"].removeprefix("pr")) + 1,
        "opened_at": moment(row["created_date"]),
        "commits": commits,
    }
    if row["merged_date"]:
        merged = moment(row["merged_date"])
        event |= {"merged_at": merged, "approved_at": merged, "merge_commit_sha": sha(row["merge_commit_sha"])}
    if reviews:
        event["first_review_at"] = min(reviews)
    return event


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    merged_at = {row["merge_commit_sha"]: row["merged_date"] for row in rows("change_lead_time/pull_requests.csv")}
    brought: dict[str, list[dict[str, str]]] = {}
    for row in rows("change_lead_time/commits_diffs.csv"):
        commit = {"sha": sha(row["commit_sha"]), "committed_at": moment(merged_at[row["commit_sha"]])}
        brought.setdefault(row["new_commit_sha"], []).append(commit)
    connection = built(
        tmp_path_factory.mktemp("oracle"),
        [
            [
                told("previous", row)
                for row in rows("previous_successful_deployment/cicd_deployment_commits_before.csv")
            ],
            [
                told("lead", row, brought.get(row["commit_sha"], ()))
                for row in rows("change_lead_time/cicd_deployment_commits.csv")
            ],
            [change(row) for row in rows("change_lead_time/pull_requests.csv")],
        ],
    )
    yield connection
    connection.close()


@pytest.mark.corpus
def test_predecessors_are_those_of_the_oracle(oracle: duckdb.DuckDBPyConnection) -> None:
    theirs = {
        row["id"]: row["prev_success_deployment_commit_id"] or None
        for row in rows("previous_successful_deployment/cicd_deployment_commits_after.csv")
        if row["result"] == "SUCCESS"
    }

    ours = oracle.execute(
        """
        select deployment_id, predecessor_deployment_id
        from marts.deployments where provider = 'previous' and status = 'success'
        """
    ).fetchall()

    assert len(theirs) == 14
    assert dict(ours) == theirs


@pytest.mark.corpus
def test_a_failed_deployment_has_a_predecessor_too_where_the_oracle_names_none(
    oracle: duckdb.DuckDBPyConnection,
) -> None:
    [theirs] = [
        row["prev_success_deployment_commit_id"]
        for row in rows("previous_successful_deployment/cicd_deployment_commits_after.csv")
        if row["id"] == "11"
    ]

    [ours] = oracle.execute(
        "select predecessor_deployment_id from marts.deployments where provider = 'previous' and deployment_id = '11'"
    ).fetchall()

    assert (theirs, ours) == ("", ("3",))


@pytest.mark.corpus
def test_lead_times_from_merge_to_production_are_those_of_the_oracle_but_exact(
    oracle: duckdb.DuckDBPyConnection,
) -> None:
    merge_commits = {row["id"]: row["merge_commit_sha"] for row in rows("change_lead_time/pull_requests.csv")}
    theirs = {row["id"]: row["pr_deploy_time"] for row in rows("change_lead_time/project_pr_metrics.csv")}
    measured = dict(
        oracle.execute("select commit_sha, lead_time_ms from intermediate.int_deployment_commits_shipped").fetchall()
    )

    minutes = {pull_request: measured.get(sha(merge_commits[pull_request])) for pull_request in theirs}
    ours = {pull_request: ms / 60_000 for pull_request, ms in minutes.items() if ms is not None}

    # They round minutes up; a merge after its deployment, a first, a failed and a staging
    # deployment have no time in either.
    assert len(theirs) == 6
    assert ours == {"pr1": 2977.45, "pr2": 1537.45}
    assert {name: str(math.ceil(ours[name])) if name in ours else "" for name in theirs} == theirs


STAGES = {
    "coding": "pr_coding_time",
    "pickup": "pr_pickup_time",
    "review": "pr_review_time",
    "deploy": "pr_deploy_time",
}


def stages(oracle: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """Return the rows of the mart by the oracle's names of pull requests."""
    found = oracle.execute("select * from marts.lead_time_stages where provider = 'lead'")
    names = [column[0] for column in found.description or ()]
    return {
        f"pr{row['pull_request_number'] - 1}": row
        for row in (dict(zip(names, one, strict=True)) for one in found.fetchall())
    }


@pytest.mark.corpus
def test_the_stages_of_each_change_are_those_of_the_oracle_but_exact(oracle: duckdb.DuckDBPyConnection) -> None:
    theirs = {row["id"]: row for row in rows("change_lead_time/project_pr_metrics.csv")}
    ours = stages(oracle)

    # They round minutes up, and so do we here; what they drop below zero we have no time for either.
    assert ours.keys() == theirs.keys()
    assert len(ours) == 6
    assert {name: {stage: minutes_up(row[f"{stage}_ms"]) for stage in STAGES} for name, row in ours.items()} == {
        name: {stage: row[column] for stage, column in STAGES.items()} for name, row in theirs.items()
    }


def minutes_up(milliseconds: int | None) -> str:
    return "" if milliseconds is None else str(math.ceil(milliseconds / 60_000))


@pytest.mark.corpus
def test_a_stage_without_time_says_why_where_the_oracle_leaves_a_blank(oracle: duckdb.DuckDBPyConnection) -> None:
    ours = {
        (name, stage): row[f"{stage}_unmeasured_reason"]
        for name, row in stages(oracle).items()
        for stage in STAGES
        if row[f"{stage}_ms"] is None
    }

    assert ours == {
        ("pr0", "pickup"): "no_end",
        ("pr0", "review"): "no_start",
        ("pr0", "deploy"): "no_predecessor",
        ("pr2", "coding"): "negative",
        ("pr3", "pickup"): "negative",
        ("pr3", "deploy"): "not_deployed",
        ("pr4", "review"): "negative",
        ("pr4", "deploy"): "not_deployed",
        ("pr5", "pickup"): "negative",
        ("pr5", "deploy"): "not_deployed",
    }


@pytest.mark.corpus
def test_a_deployment_of_another_repository_ships_no_change_of_ours_and_one_of_theirs(
    oracle: duckdb.DuckDBPyConnection,
) -> None:
    theirs = {row["id"]: row["deployment_commit_id"] for row in rows("change_lead_time/project_pr_metrics.csv")}
    ours = {name: row["deployment_id"] for name, row in stages(oracle).items()}

    # They look at all repositories of a project: deployment 6 is not of the repository that pr3 was merged into.
    # And they name no deployment where ours is a first one, whose changes have no waiting time.
    assert theirs == {"pr0": "", "pr1": "5", "pr2": "5", "pr3": "6", "pr4": "", "pr5": ""}
    assert ours == {"pr0": "1", "pr1": "5", "pr2": "5", "pr3": None, "pr4": None, "pr5": None}


@pytest.mark.corpus
def test_a_sum_without_its_last_stage_is_none_of_ours_and_one_of_theirs(oracle: duckdb.DuckDBPyConnection) -> None:
    theirs = {row["id"]: int(row["pr_cycle_time"]) for row in rows("change_lead_time/project_pr_metrics.csv")}
    ours = {name: (row["measured_stages_ms"], row["total_ms"]) for name, row in stages(oracle).items()}

    # Without the last stage they add up what there is, as if the change were over: 31 days of pr0 end with its merge.
    assert theirs == {"pr0": 44640, "pr1": 4478, "pr2": 1598, "pr3": 10203, "pr4": 11764, "pr5": 13204}
    assert {name: minutes_up(measured) for name, (measured, _) in ours.items()} == {
        "pr0": "",
        "pr1": "4478",
        "pr2": "1598",
        "pr3": "",
        "pr4": "",
        "pr5": "",
    }
    # The first commit of pr2 claims to be written after it was opened, so that the whole is shorter than its stages.
    assert ours["pr1"] == (268_647_000, 268_647_000)
    assert ours["pr2"] == (95_847_000, 9_447_000)
