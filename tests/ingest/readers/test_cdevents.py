"""CDEvents: single moments, put together into the things they tell of."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from native import CONTEXT, FIXTURES, events, items

from ingest.context import RunContext
from ingest.evidence import Limits, opened
from ingest.readers import Malformed, cdevents

VALID = FIXTURES / "cdevents" / "valid"
RUN = VALID / "run_with_its_tasks_and_tests.ndjson"
DIGEST = "sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"


def by_topic(found: list[dict[str, Any]], topic: str) -> list[dict[str, Any]]:
    """Return the events of one topic."""
    return [event for event in found if event["schema"].startswith(f"{topic}.")]


def test_the_events_of_a_run_are_one_run_from_its_start_to_its_end() -> None:
    (run,) = by_topic(events("cdevents", RUN), "pipeline_run")

    assert run == {
        "schema": "pipeline_run.v1.3",
        "provider": "cdevents",
        "repo": CONTEXT.repository,
        "run_id": "/ci/tekton/run-7",
        "workflow": "build",
        "commit_sha": CONTEXT.commit_sha,
        "started_at": "2026-03-02T09:00:30Z",
        "ended_at": "2026-03-02T09:10:00Z",
        "queue_ms": 30000,
        "status": "unknown",
        "status_original": "failure",
        "emitted_at": "2026-03-02T09:10:00Z",
    }


def test_tasks_are_jobs_of_that_run_and_one_that_goes_on_has_no_end() -> None:
    compiled, testing = by_topic(events("cdevents", RUN), "pipeline_job")

    assert (compiled["run_id"], compiled["name"], compiled["status_original"]) == (
        "/ci/tekton/run-7",
        "compile",
        "success",
    )
    assert testing["run_id"] == "/ci/tekton/run-7"
    assert (testing["status_original"], testing.get("completed_at")) == ("started", None)


def test_cases_are_the_report_of_their_suite_in_the_words_of_old_and_new_versions() -> None:
    (report,) = by_topic(events("cdevents", RUN), "test_report")

    assert (report["suite"], report["duration_ms"]) == ("unit tests", 3000)
    assert report["cases"] == [
        {"name": "adds", "outcome": "passed", "duration_ms": 250},
        {"name": "t2", "outcome": "failed"},
        {"name": "t3", "outcome": "skipped"},
    ]


def test_the_order_in_which_events_arrive_does_not_matter(tmp_path: Path) -> None:
    lines = RUN.read_text().splitlines()
    path = tmp_path / "events.ndjson"
    whole = {json.dumps(event, sort_keys=True) for event in events("cdevents", RUN) if "cases" not in event}
    for seed in range(20):
        random.Random(seed).shuffle(lines)
        path.write_text("\n".join(lines) + "\n")
        shuffled = {json.dumps(event, sort_keys=True) for event in events("cdevents", path) if "cases" not in event}

        assert shuffled == whole, seed


def test_each_deployment_of_a_service_is_one_and_is_known_by_its_event() -> None:
    deployed, upgraded, rolled_back = by_topic(
        events("cdevents", VALID / "batch_of_services_and_artifacts.json"), "deployment"
    )

    assert deployed["deployment_id"].startswith("/cd/argo/e")
    assert (deployed["service"], deployed["is_production"], deployed["is_rollback"]) == ("checkout", True, False)
    assert (deployed["artifact_digest"], deployed["version"]) == (DIGEST, "1.4.0")
    assert deployed["repo"] == CONTEXT.repository
    assert deployed["started_at"] == deployed["finished_at"] == "2026-03-02T10:00:00Z"
    assert (upgraded["repo"], upgraded["commit_sha"]) == ("acme/shop", "4b1f0c2d9e8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c")
    assert upgraded["is_production"] is False
    assert (rolled_back["is_rollback"], rolled_back["is_production"], rolled_back["version"]) == (True, True, "1.3.9")


def test_an_artifact_is_a_release_when_it_is_published_under_a_tag() -> None:
    (release,) = by_topic(events("cdevents", VALID / "batch_of_services_and_artifacts.json"), "release")

    assert (release["tag"], release["artifact_digest"]) == ("1.4.0", DIGEST)
    assert release["artifact_name"] == "registry.example.org/shop"


def test_incidents_of_two_sources_are_two_though_their_ids_are_the_same() -> None:
    ended, open_still, open_again = events("cdevents", VALID / "incident_from_detection_to_end.json")

    assert ended == {
        "schema": "incident.v1.0",
        "provider": "cdevents",
        "incident_id": "/monitoring/prod/inc-1",
        "service": "checkout",
        "environment": "production",
        "opened_at": "2026-03-02T12:00:00Z",
        "resolved_at": "2026-03-02T12:30:00Z",
        "updated_at": "2026-03-02T12:30:00Z",
        "artifact_digest": DIGEST,
        "uri": "https://tickets.example.org/1",
    }
    assert open_still["incident_id"] == "/monitoring/test/inc-1"
    assert "resolved_at" not in open_still
    assert open_again["opened_at"] == "2026-03-02T14:00:00Z"
    assert "resolved_at" not in open_again, "it was detected once more after it was resolved"


def test_a_task_names_the_run_of_another_source() -> None:
    (job,) = events("cdevents", VALID / "one_bare_event_of_an_older_version.json")

    assert (job["run_id"], job["job_id"]) == ("/ci/jenkins/ns/run-9", "/ns/task-9")
    assert job["started_at"] == "2026-03-02T09:01:00+01:00"


def test_every_event_is_told_of_or_says_why_not(tmp_path: Path) -> None:
    batch = [json.loads(path.read_text()) for path in sorted((FIXTURES / "cdevents" / "invalid").glob("*.json"))
             if path.stem not in ("cut_short", "service_in_no_environment", "stranger_in_the_batch")]  # fmt: skip
    path = tmp_path / "batch.json"
    path.write_text(json.dumps(batch))

    found = items("cdevents", path)

    assert len(found) == sum(len(each) for each in batch) == 12
    assert all(isinstance(item, Malformed) and item.content and item.pointer for item in found)


def test_without_a_repository_from_outside_only_what_names_one_is_known() -> None:
    with opened(VALID / "batch_of_services_and_artifacts.json", Limits()) as evidence:
        found = list(cdevents.read(evidence, RunContext()))

    assert [item.code if isinstance(item, Malformed) else item["repo"] for item in found] == [
        "missing_context",
        "acme/shop",
        "missing_context",
        "missing_context",
    ]
