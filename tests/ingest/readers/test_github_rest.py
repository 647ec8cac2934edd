import csv
import gzip
import hashlib
import io
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_intel import contracts
from ci_intel.errors import Refused
from ci_intel.moments import utc
from ingest.context import RunContext
from ingest.evidence import Limits, opened
from ingest.readers import Item, Malformed, github_rest

FIXTURES = Path(__file__).parent / "fixtures" / "github_rest"
CORPUS = Path(os.environ.get("HUB_CORPUS", Path(__file__).parents[3] / ".." / "shared" / "corpus"))


def read(path: Path) -> list[Item]:
    with opened(path, Limits()) as evidence:
        assert github_rest.recognises(evidence)
        return list(github_rest.read(evidence, RunContext()))


def events(path: Path) -> list[dict[str, Any]]:
    items = read(path)
    assert all(isinstance(item, dict) for item in items), items
    return items  # type: ignore[return-value]


def written(tmp_path: Path, document: Any) -> Path:
    path = tmp_path / "document.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("path", sorted((FIXTURES / "valid").iterdir()), ids=lambda path: path.stem)
def test_what_it_yields_keeps_to_the_contracts(path: Path) -> None:
    for event in events(path):
        assert contracts.violations(event["schema"], event) == []


def test_a_second_attempt_starts_when_it_was_started_again_not_when_the_run_was_created() -> None:
    [run] = events(FIXTURES / "valid" / "run_of_a_second_attempt.json")

    assert run == {
        "schema": "pipeline_run.v1.3",
        "provider": "github",
        "repo": "example/shop",
        "run_id": "9913571203",
        "run_attempt": 2,
        "run_number": 481,
        "workflow": "ci",
        "event": "push",
        "actor": "renovate[bot]",
        "actor_type": "bot",
        "commit_sha": "a3c1f0e2d4b5968778695a4b3c2d1e0f00112233",
        "branch": "main",
        "is_default_branch": True,
        "started_at": "2026-03-02T09:00:00Z",
        "ended_at": "2026-03-02T09:06:30Z",
        "status": "unknown",
        "status_original": "completed/success",
        "emitted_at": "2026-03-02T09:06:30Z",
    }


def test_a_run_still_going_has_no_end_and_only_one_word() -> None:
    _, running, _, _ = events(FIXTURES / "valid" / "page_of_runs.json")

    assert "ended_at" not in running
    assert running["status_original"] == "in_progress"


def test_an_older_api_without_attempts_and_actors_is_read_and_nothing_is_invented() -> None:
    _, _, old, _ = events(FIXTURES / "valid" / "page_of_runs.json")

    assert old["started_at"] == "2026-03-01T09:00:00Z"
    assert old.keys().isdisjoint({"run_attempt", "actor", "actor_type", "branch", "is_default_branch"})
    assert "pr" not in old, "one of two pull requests would be a guess"


def test_a_fork_is_not_on_the_default_branch_although_its_branch_has_the_same_name() -> None:
    *_, of_fork = events(FIXTURES / "valid" / "page_of_runs.json")

    assert of_fork["repo"] == "example/shop"
    assert of_fork["is_default_branch"] is False
    assert of_fork["pr"] == 512
    assert of_fork["status_original"] == "completed/startup_failure"


def test_pages_put_into_one_list_are_read_like_pages() -> None:
    assert [run["run_id"] for run in events(FIXTURES / "valid" / "pages_slurped.json")] == [
        "9913571203",
        "9913571204",
    ]


def test_pages_one_after_the_other_are_read_like_pages(tmp_path: Path) -> None:
    page = json.loads((FIXTURES / "valid" / "pages_slurped.json").read_text())[0]
    path = tmp_path / "pages.json"
    path.write_text(json.dumps(page, indent=2) + json.dumps(page) + "\n" + json.dumps(page) + "\n")

    assert [run["run_id"] for run in events(path)] == ["9913571203"] * 3


def test_runs_one_a_line_are_read_and_a_bad_line_refuses_the_file(tmp_path: Path) -> None:
    run = json.dumps(json.loads((FIXTURES / "valid" / "run_of_a_second_attempt.json").read_text()))
    path = tmp_path / "runs.ndjson"

    path.write_text(f"{run}\n{run}\n")
    assert len(events(path)) == 2

    path.write_text(f"{run}\n{run[:-9]}\n")
    with pytest.raises(Refused, match="not JSON"):
        read(path)


def test_a_page_without_runs_is_recognised_and_holds_nothing() -> None:
    assert events(FIXTURES / "valid" / "empty_page.json") == []


def test_a_job_counts_its_failed_steps_and_knows_its_queue() -> None:
    failed, *_ = events(FIXTURES / "valid" / "page_of_jobs.json")

    assert failed["steps_failed"] == 1
    assert (failed["queued_at"], failed["started_at"]) == ("2026-03-02T09:00:01Z", "2026-03-02T09:00:09Z")
    assert failed["emitted_at"] == failed["completed_at"]
    assert (failed["runner_label"], failed["runner_type"]) == ("ubuntu-latest", "hosted")


def test_a_skipped_job_that_starts_after_its_end_never_started() -> None:
    _, skipped, _, _ = events(FIXTURES / "valid" / "page_of_jobs.json")

    assert "started_at" not in skipped
    assert (skipped["runner_label"], skipped["runner_type"]) == ("linux,self-hosted,x64", "self-hosted")


def test_a_queued_job_has_neither_start_nor_steps_and_an_unknown_runner_stays_unknown() -> None:
    _, _, queued, old = events(FIXTURES / "valid" / "page_of_jobs.json")

    assert queued.keys().isdisjoint({"started_at", "completed_at", "steps_failed", "runner_label", "runner_type"})
    assert queued["emitted_at"] == queued["queued_at"]
    assert "runner_type" not in old, "a label alone does not say whose machine it is"


def test_an_enterprise_servers_address_names_the_repository_too() -> None:
    [job] = events(FIXTURES / "valid" / "job_of_an_enterprise_server.json")

    assert job["repo"] == "example/shop"


def test_a_deployment_does_not_pass_for_newer_than_its_statuses() -> None:
    production, staging = events(FIXTURES / "valid" / "list_of_deployments.json")

    assert production["emitted_at"] == production["created_at"] == "2026-03-02T10:00:00Z"
    assert (production["is_production"], staging["is_production"]) == (True, False)
    assert (production["actor_type"], staging.get("actor_type")) == ("human", None)


def test_the_statuses_of_a_deployment_make_one_event_from_the_first_to_the_newest() -> None:
    replaced, running = events(FIXTURES / "valid" / "statuses_of_two_deployments.json")

    assert replaced["deployment_id"] == "3156"
    assert replaced["status_original"] == "inactive"
    assert replaced["started_at"] == "2026-03-02T10:00:30Z"
    assert replaced["finished_at"] == "2026-03-02T10:05:00Z", "it finished with its success, not with its successor's"
    assert replaced["run_id"] == "9913571203"
    assert running.keys().isdisjoint({"finished_at", "run_id"})
    assert running["is_production"] is False


def test_a_merged_pull_request_says_when_by_which_commit_and_how_large_and_only_a_digest_of_its_title() -> None:
    [merged] = events(FIXTURES / "valid" / "pull_request.json")

    assert merged == {
        "schema": "pull_request.v1.0",
        "provider": "github",
        "repo": "example/shop",
        "number": 512,
        "title_sha256": hashlib.sha256(b"Round prices to the nearest cent").hexdigest(),
        "author_type": "human",
        "is_draft": False,
        "base_branch": "main",
        "opened_at": "2026-03-01T08:00:00Z",
        "merged_at": "2026-03-02T09:00:00Z",
        "closed_at": "2026-03-02T09:00:00Z",
        "merge_commit_sha": "a3c1f0e2d4b5968778695a4b3c2d1e0f00112233",
        "additions": 41,
        "deletions": 7,
        "changed_files": 4,
        "emitted_at": "2026-03-02T09:10:00Z",
    }


def test_a_pull_request_that_was_not_merged_has_no_merge_commit_and_its_fork_may_be_gone() -> None:
    listed, tested, draft = events(FIXTURES / "valid" / "list_of_pull_requests.json")

    assert listed.keys().isdisjoint({"additions", "deletions", "changed_files"}), "a list does not count lines"
    assert "merge_commit_sha" not in tested, "a test merge is on no branch"
    assert (tested["repo"], tested["author_type"]) == ("example/shop", "bot")
    assert draft["is_draft"] is True
    assert draft.keys().isdisjoint({"merge_commit_sha", "merged_at", "closed_at", "author_type"})


def test_a_pull_request_without_its_opening_breaks_its_contract() -> None:
    [incomplete] = events(FIXTURES / "invalid" / "pull_request_without_its_opening.json")

    messages = [violation.message for violation in contracts.violations(incomplete["schema"], incomplete)]
    assert messages == ["'opened_at' is a required property"]


def test_a_status_that_does_not_name_its_environment_is_malformed_and_the_others_are_read() -> None:
    malformed, deployment = read(FIXTURES / "invalid" / "status_without_environment.json")

    assert isinstance(malformed, Malformed)
    assert (malformed.code, malformed.pointer) == ("incomplete_status", "/0")
    assert isinstance(deployment, dict)
    assert deployment["deployment_id"] == "3158"


def test_strangers_on_a_page_are_malformed_and_say_where_they_are() -> None:
    run, *strangers = read(FIXTURES / "invalid" / "page_with_a_stranger.json")

    assert isinstance(run, dict)
    assert [(stranger.code, stranger.pointer) for stranger in strangers if isinstance(stranger, Malformed)] == [
        ("unknown_object", "/workflow_runs/1"),
        ("unknown_object", "/workflow_runs/2"),
    ]


def test_a_stub_of_a_run_is_recognised_and_its_contract_says_what_is_missing() -> None:
    [stub] = events(FIXTURES / "invalid" / "stub_of_a_run.json")

    messages = [violation.message for violation in contracts.violations(stub["schema"], stub)]
    assert messages == ["'commit_sha' is a required property", "'started_at' is a required property"]


def test_a_page_that_was_cut_short_is_refused_rather_than_unknown() -> None:
    with pytest.raises(Refused, match="not JSON"):
        read(FIXTURES / "invalid" / "page_cut_short.json")


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([], id="an empty list could be anything"),
        pytest.param({"total_count": 1, "check_runs": []}, id="another kind of page"),
        pytest.param({"total_count": 1, "jobs": [{"name": "build"}]}, id="another system's jobs"),
        pytest.param({"url": "https://api.github.com/repos/example/shop/pulls/4/comments"}, id="comments"),
        pytest.param({"url": "https://api.github.com/repos/example/shop/actions/workflows/4"}, id="a workflow"),
        pytest.param({"url": 4}, id="an address that is none"),
        pytest.param([[]], id="a list in a list"),
        pytest.param("text", id="a text"),
    ],
)
def test_other_documents_are_not_recognised(tmp_path: Path, document: Any) -> None:
    with opened(written(tmp_path, document), Limits()) as evidence:
        assert not github_rest.recognises(evidence)


NONSENSE: list[Any] = [None, "", 0, -1, 1.5, True, "text", [], [None], {}, {"a": 1}]


@pytest.mark.parametrize(
    "kind",
    [
        "run_of_a_second_attempt",
        "page_of_jobs",
        "list_of_deployments",
        "statuses_of_two_deployments",
        "pull_request",
    ],
)
def test_no_field_of_another_type_makes_it_crash(tmp_path: Path, kind: str) -> None:
    document = json.loads((FIXTURES / "valid" / f"{kind}.json").read_text())
    parts = document["jobs"] if "jobs" in document else document if isinstance(document, list) else [document]
    for name in [name for name in parts[-1] if name != "url"]:
        before = parts[-1][name]
        for value in NONSENSE:
            parts[-1][name] = value
            read(written(tmp_path, document))
        parts[-1][name] = before


def corpus(folder: str) -> Iterator[Path]:
    found = sorted(path for path in (CORPUS / folder).rglob("*") if path.is_file())
    assert found, f"no corpus at {CORPUS}: set HUB_CORPUS"
    yield from found


@pytest.mark.corpus
def test_the_recorded_objects_are_all_read_and_only_the_stub_breaks_its_contract() -> None:
    seen: Counter[str] = Counter()
    unread = []
    for path in corpus("ci_api/github_rest_json"):
        with opened(path, Limits()) as evidence:
            if not github_rest.recognises(evidence):
                unread.append(path.name)
                continue
            for event in github_rest.read(evidence, RunContext()):
                assert isinstance(event, dict)
                is_valid = contracts.is_valid(event["schema"], event)
                assert is_valid or path.name.startswith("GHWorkflowRunTest__testRerunVariants__3")
                seen[event["schema"]] += is_valid

    assert seen == {
        "pipeline_run.v1.3": 116,
        "pipeline_job.v1.0": 5,
        "deployment.v1.0": 6,
        "pull_request.v1.0": 14,
    }
    assert len(unread) == 22
    assert {name.partition("__")[0] for name in unread} == {
        "GHCheckRunBuilderTest",
        "GHPullRequestTest",
        "GHWorkflowRunTest",
    }


def rows(folder: str, name: str) -> list[dict[str, str]]:
    path = next(path for path in corpus(folder) if path.name.removesuffix(".gz") == name)
    csv.field_size_limit(1 << 24)
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(text.decode())))


@pytest.mark.corpus
def test_recorded_runs_have_the_attempt_and_times_that_devlake_found_in_them(tmp_path: Path) -> None:
    recorded = [json.loads(row["data"]) for row in rows("ci_api/github_raw_csv", "github___raw_github_api_runs.csv")]
    expected = {row["id"]: row for row in rows("ci_api/github_expected_csv", "github___tool_github_runs.csv")}

    runs = events(written(tmp_path, recorded))

    assert len(runs) == len(recorded) == 35
    for run in runs:
        row = expected[run["run_id"]]
        assert run["run_attempt"] == int(row["run_attempt"])
        assert utc(run["started_at"]) == utc(row["run_started_at"])
        assert utc(run["emitted_at"]) == utc(row["github_updated_at"])
        assert contracts.is_valid(run["schema"], run)
    assert sum("ended_at" in run for run in runs) == 19


@pytest.mark.corpus
def test_recorded_jobs_have_the_times_that_devlake_found_in_them(tmp_path: Path) -> None:
    recorded = [json.loads(row["data"]) for row in rows("ci_api/github_raw_csv", "github___raw_github_api_jobs.csv")]
    expected = {row["id"]: row for row in rows("ci_api/github_expected_csv", "github___tool_github_jobs.csv")}

    jobs = events(written(tmp_path, recorded))

    assert len(jobs) == len(recorded) == 35
    for job in jobs:
        row = expected[job["job_id"]]
        assert job["run_id"] == row["run_id"]
        assert utc(job["started_at"]) == utc(row["started_at"])
        assert contracts.is_valid(job["schema"], job)


@pytest.mark.corpus
def test_recorded_pull_requests_have_the_times_that_devlake_found_in_them_and_no_test_merges(tmp_path: Path) -> None:
    recorded = [
        json.loads(row["data"]) for row in rows("ci_api/github_raw_csv", "github___raw_github_api_pull_requests.csv")
    ]
    expected = {
        int(row["number"]): row for row in rows("ci_api/github_expected_csv", "github___tool_github_pull_requests.csv")
    }
    read_here = events(written(tmp_path, recorded))

    assert len(read_here) == len(recorded) == 50
    # One was collected twice.
    assert {one["number"] for one in read_here} == expected.keys()
    assert len(expected) == 49
    for one in read_here:
        row = expected[one["number"]]
        assert contracts.is_valid(one["schema"], one)
        assert utc(one["opened_at"]) == utc(row["github_created_at"])
        assert utc(one["emitted_at"]) == utc(row["github_updated_at"])
        assert one.get("merged_at") == (row["merged_at"].replace(".000+00:00", "Z") or None)
        assert one.get("merge_commit_sha") == (row["merge_commit_sha"] if row["merged_at"] else None)
    test_merges = [part for part in recorded if part["merge_commit_sha"] and not part["merged_at"]]
    assert (len(test_merges), sum(part["head"]["repo"] is None for part in recorded)) == (23, 15)


def test_a_timeline_tells_who_reviewed_when_but_neither_programs_nor_the_author_nor_what_came_after_the_merge() -> None:
    [pull_request] = events(FIXTURES / "valid" / "pull_request_with_its_timeline.json")

    assert pull_request["merged_at"] == "2026-03-02T09:00:00Z"
    assert pull_request["ready_for_review_at"] == "2026-03-01T18:00:00Z"
    assert pull_request["first_review_at"] == "2026-03-02T00:00:00Z"
    assert pull_request["approved_at"] == "2026-03-02T07:00:00Z"
    [commit] = pull_request["commits"]
    assert (commit["authored_at"], commit["committed_at"]) == ("2026-03-01T03:00:00Z", "2026-03-01T04:00:00Z")


def test_a_release_is_one_if_it_is_published_and_has_one_file_with_a_digest() -> None:
    [release] = events(FIXTURES / "valid" / "releases_one_of_which_names_its_artifact.json")

    assert (release["repo"], release["tag"], release["released_at"]) == (
        "example/shop",
        "v1.4.0",
        "2026-03-02T09:00:00Z",
    )
    assert release["artifact_digest"].startswith("sha256:")
    # `target_commitish` is a branch here, which has moved since.
    assert "commit_sha" not in release
