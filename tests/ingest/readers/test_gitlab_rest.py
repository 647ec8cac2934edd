"""GitLab's pipelines, jobs and deployments: when they ran and how they ended, and nothing that GitLab does not say."""

from __future__ import annotations

from native import FIXTURES, events, items

from ingest.context import RunContext
from ingest.evidence import Limits, opened
from ingest.readers import Malformed, gitlab_rest

VALID = FIXTURES / "gitlab_rest" / "valid"
COMMIT = "4b1f0c2d9e8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"


def test_a_pipeline_has_its_project_from_its_address_and_lasts_from_start_to_end() -> None:
    (pipeline,) = events("gitlab_rest", VALID / "pipeline.json")

    assert pipeline == {
        "schema": "pipeline_run.v1.3",
        "provider": "gitlab",
        "repo": "acme/platform/shop",
        "run_id": "880001",
        "run_number": 412,
        "workflow": "nightly",
        "event": "push",
        "actor": "mara",
        "commit_sha": COMMIT,
        "branch": "main",
        "started_at": "2026-03-02T09:00:04.000Z",
        "ended_at": "2026-03-02T09:21:30.500Z",
        "queue_ms": 4000,
        "status": "unknown",
        "status_original": "success",
        "emitted_at": "2026-03-02T09:21:30.900Z",
    }


def test_a_listed_pipeline_is_dated_by_its_creation_and_never_newer_than_the_pipeline_itself() -> None:
    of_merge_request, waiting = events("gitlab_rest", VALID / "list_of_pipelines.json")

    assert of_merge_request["started_at"] == of_merge_request["emitted_at"] == "2026-03-02T10:00:00Z"
    assert "ended_at" not in of_merge_request
    assert (of_merge_request["pr"], of_merge_request.get("branch")) == (57, None)
    assert waiting["status_original"] == "waiting_for_resource"


def test_a_job_that_is_retried_is_two_jobs_of_one_attempt() -> None:
    first, second, *_ = events("gitlab_rest", VALID / "list_of_jobs_one_retried.json")

    assert first["name"] == second["name"]
    assert (first["run_id"], first["job_id"], second["job_id"]) == ("880001", "5501", "5502")
    assert "run_attempt" not in first


def test_a_job_was_queued_for_its_queued_duration_not_since_its_pipeline_was_made() -> None:
    job, *_ = events("gitlab_rest", VALID / "list_of_jobs_one_retried.json")

    assert job["queued_at"] == "2026-03-02T09:09:57.750000+00:00"
    assert (job["runner_label"], job["runner_type"]) == ("docker,saas-linux-small", "hosted")


def test_a_job_that_was_canceled_before_it_began_has_an_end_and_no_start() -> None:
    _, _, canceled, manual = events("gitlab_rest", VALID / "list_of_jobs_one_retried.json")

    assert canceled["completed_at"] == "2026-03-02T09:17:00Z"
    assert canceled.keys().isdisjoint({"started_at", "queued_at", "runner_type", "runner_label"})
    assert manual.keys().isdisjoint({"started_at", "completed_at"})
    assert manual["runner_type"] == "self-hosted"


def test_a_deployment_has_the_times_of_its_job_and_the_tier_decides_over_the_name() -> None:
    deployed, blocked, _ = items("gitlab_rest", VALID / "list_of_deployments.json")

    assert isinstance(deployed, dict)
    assert (deployed["started_at"], deployed["finished_at"]) == ("2026-03-02T09:18:20Z", "2026-03-02T09:21:05Z")
    assert (deployed["repo"], deployed["run_id"], deployed["job"]) == ("acme/platform/shop", "880001", "deploy")
    assert deployed["is_production"] is True
    assert isinstance(blocked, dict)
    assert (blocked["status_original"], blocked["is_production"]) == ("blocked", False)
    assert "finished_at" not in blocked
    assert "commits" not in deployed, "the one commit that GitLab names is not all that came with it"


def test_a_deployment_that_no_job_made_needs_the_repository_from_outside() -> None:
    *_, recorded = events("gitlab_rest", VALID / "list_of_deployments.json")
    with opened(VALID / "list_of_deployments.json", Limits()) as evidence:
        *_, unknown = gitlab_rest.read(evidence, RunContext())

    assert (recorded["repo"], recorded["environment"], recorded["is_production"]) == ("acme/shop", "Prod", True)
    assert recorded["finished_at"] == "2026-03-02T09:21:10Z"
    assert isinstance(unknown, Malformed)
    assert (unknown.code, unknown.pointer) == ("missing_context", "/2")


def test_lists_one_after_the_other_are_read_like_one() -> None:
    assert [run["run_id"] for run in events("gitlab_rest", VALID / "pages_one_after_the_other.ndjson")] == [
        "880001",
        "880002",
    ]


def test_a_merge_request_has_its_reviews_from_its_notes() -> None:
    (request,) = events("gitlab_rest", VALID / "merge_request_with_commits_and_notes.json")

    assert (request["repo"], request["number"], request["base_branch"]) == ("acme/platform/shop", 57, "main")
    assert request["merged_at"] == request["closed_at"] == "2026-03-02T09:00:00.000Z"
    assert request["ready_for_review_at"] == "2026-03-01T15:00:00.000Z"
    # The author's own note is no review.
    assert request["first_review_at"] == "2026-03-02T00:00:00.000Z"
    assert request["approved_at"] == "2026-03-02T07:00:00.000Z"
    assert len(request["commits"]) == 1
