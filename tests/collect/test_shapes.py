"""The replay server's objects have the members that recorded ones have, so that a test is a test of the real API."""

from __future__ import annotations

import gzip
import json
import os
from typing import Any

import pytest
from hub import PROJECT
from replay import BEGIN, Repo, World, deployed, merged, run

pytestmark = pytest.mark.corpus
RECORDED = (
    PROJECT / os.environ.get("HUB_CORPUS", "../shared/corpus") / "ci_api" / "github_rest_json" / "hub4j__github-api"
)


def recorded(name: str) -> Any:
    content = (RECORDED / name).read_bytes()
    return json.loads(gzip.decompress(content) if name.endswith(".gz") else content)


def world() -> tuple[World, Repo]:
    repo = Repo("acme/shop", runs=[])
    repo.runs.append(run(repo, 1, BEGIN))
    deployed(repo, 2, 1, BEGIN)
    merged(repo, 3, BEGIN)
    return World(repo), repo


def test_the_members_of_every_object_are_those_that_were_recorded() -> None:
    replayed, repo = world()
    [status, _] = repo.statuses[2]
    pairs = {
        "run": (
            replayed.written(repo, repo.runs[0]),
            recorded("GHWorkflowRunTest__testSearchOnCreatedAndHeadSha__3-r_h_g_actions_runs.json")["workflow_runs"][0],
        ),
        "job": (
            replayed.jobs_of(repo, repo.runs[0])[0],
            recorded("GHWorkflowRunTest__testJobs__7-r_h_g_actions_runs_719643947_jobs.json")["jobs"][0],
        ),
        "deployment": (
            repo.deployments[0],
            recorded("AppTest__testCreateAndListDeployments__4-r_h_g_deployments.json")[0],
        ),
        "status": (
            status,
            recorded("AppTest__testGetDeploymentStatuses__5-r_h_g_deployments_315601644_statuses.json")[0],
        ),
        "pull request": (
            repo.pulls[0],
            recorded("GHPullRequestTest__queryPullRequestsUnqualifiedHead__6-r_h_g_pulls.json")[0],
        ),
    }

    for name, (ours, theirs) in pairs.items():
        assert theirs.keys() - ours.keys() == set(), name


def test_pages_are_named_and_counted_as_recorded_ones() -> None:
    page = recorded("GHWorkflowRunTest__testSearchOnCreatedAndHeadSha__3-r_h_g_actions_runs.json")

    assert page.keys() == {"total_count", "workflow_runs"}
    assert isinstance(page["total_count"], int)
