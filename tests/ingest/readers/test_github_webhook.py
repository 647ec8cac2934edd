"""GitHub's webhooks: what they carry is the API's object, and becomes the same event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import native
import pytest

from ingest.readers import Malformed

FIXTURES = native.FIXTURES / "github_webhook"
REST = native.FIXTURES / "github_rest"
CORPUS = "ci_api/github_webhook_json/hub4j__github-api"


def payload(name: str) -> Any:
    return json.loads((FIXTURES / "valid" / f"{name}.json").read_text())


def from_the_api(tmp_path: Path, *objects: Any) -> list[dict[str, Any]]:
    path = tmp_path / "objects.json"
    path.write_text(json.dumps(list(objects)))
    return native.events("github_rest", path)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("workflow_run", "workflow_run"),
        ("workflow_job", "workflow_job"),
        ("deployment", "deployment"),
        ("pull_request", "pull_request"),
    ],
)
def test_a_payload_becomes_the_event_that_its_object_becomes_when_asked_for(
    tmp_path: Path, name: str, subject: str
) -> None:
    sent = native.events("github_webhook", FIXTURES / "valid" / f"{name}.json")

    assert sent == from_the_api(tmp_path, payload(name)[subject])


def test_each_status_brings_its_deployment_and_an_inactive_one_only_that() -> None:
    found = native.events("github_webhook", FIXTURES / "valid" / "deployment_statuses_one_a_line.ndjson")

    assert [event.get("status_original") for event in found] == [None, "in_progress", None, "success", None]
    assert {event["deployment_id"] for event in found} == {found[0]["deployment_id"]}
    assert len({json.dumps(event) for event in found if "status_original" not in event}) == 1


def test_a_status_that_comes_alone_begins_with_its_deployment_and_ends_with_itself() -> None:
    *_, success, _ = native.events("github_webhook", FIXTURES / "valid" / "deployment_statuses_one_a_line.ndjson")

    assert (success["started_at"], success["finished_at"]) == ("2026-03-02T10:00:00Z", "2026-03-02T10:06:00Z")
    assert success["environment"] == "production", "an older payload leaves the environment to the deployment"


@pytest.mark.parametrize(
    ("name", "code", "others"),
    [
        ("status_without_its_deployment.json", "incomplete_status", 0),
        ("status_without_a_state.json", "incomplete_status", 1),
        ("with_a_stranger_among_them.ndjson", "unread_payload", 1),
    ],
)
def test_what_cannot_be_read_is_malformed_and_the_rest_is_read(name: str, code: str, others: int) -> None:
    found = native.items("github_webhook", FIXTURES / "invalid" / name)

    assert [item.code for item in found if isinstance(item, Malformed)] == [code]
    assert len(found) - 1 == others


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"repository": {}, "sender": {}}, id="a payload about nothing"),
        pytest.param({"pull_request": payload("pull_request")["pull_request"]}, id="an object beside nobody"),
        pytest.param({**payload("pull_request"), "review": {}}, id="a review of a pull request"),
        pytest.param({**payload("workflow_run"), "workflow_run": {"url": 4}}, id="an address that is none"),
        pytest.param([payload("workflow_run")], id="a list, which GitHub does not send"),
        pytest.param("text", id="a text"),
    ],
)
def test_other_documents_are_not_recognised(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "document.json"
    path.write_text(json.dumps(document))

    assert not native.recognises("github_webhook", path)


@pytest.mark.corpus
def test_recorded_payloads_become_what_their_objects_become_and_others_are_left() -> None:
    folder = native.corpus(CORPUS)
    read = {
        path.stem.partition("__")[2]: [
            event["schema"].partition(".")[0] for event in native.events("github_webhook", path)
        ]
        for path in sorted(folder.iterdir())
        if native.recognises("github_webhook", path)
    }

    assert read == {
        "deployment": ["deployment"],
        "deployment_status": ["deployment", "deployment"],
        "pull_request": ["pull_request"],
        "pull_request_edited_base": ["pull_request"],
        "pull_request_edited_title": ["pull_request"],
        "pull_request_labeled": ["pull_request"],
        "workflow_job": ["pipeline_job"],
        "workflow_run": ["pipeline_run"],
        "workflow_run_other_repository": ["pipeline_run"],
        "workflow_run_pull_request": ["pipeline_run"],
    }
    assert len(list(folder.iterdir())) == 24
