from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ci_intel import contracts
from ingest.tables import Batch, tabulate
from ingest.topics import topic

FIXTURES = Path(__file__).parents[2] / "schema" / "fixtures"
TOPICS = ("deployment", "pull_request", "incident", "release", "repository")


def events(kind: str) -> list[Any]:
    return [
        pytest.param(name, json.loads(path.read_bytes()), id=f"{name}/{path.stem}")
        for name in TOPICS
        for path in sorted((FIXTURES / name / "v1.0" / kind).glob("*.json"))
    ]


def rows(name: str, event: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    batch = Batch([event], [1], [f"{name}.v1.0"], "load", 1, datetime(2026, 2, 4, tzinfo=UTC))
    return {table.name: tabulate(table, batch).to_pylist() for table in topic(name).tables}


@pytest.mark.parametrize(("name", "event"), events("valid"))
def test_a_valid_event_becomes_a_row_with_a_whole_key(name: str, event: dict[str, Any]) -> None:
    [parent, *_] = topic(name).tables

    [row] = rows(name, event)[parent.name]

    assert contracts.is_valid(f"{name}.v1.0", event)
    assert list(topic(name).contradictions(event)) == []
    assert all(row[column] is not None for column in (*parent.key, parent.event_time))


@pytest.mark.parametrize(("name", "event"), events("invalid"))
def test_an_invalid_event_breaks_its_contract_or_contradicts_itself(name: str, event: dict[str, Any]) -> None:
    is_good = contracts.is_valid(f"{name}.v1.0", event)

    assert not is_good or list(topic(name).contradictions(event))


def test_the_commits_of_a_deployment_are_its_children_in_their_order() -> None:
    event = json.loads((FIXTURES / "deployment/v1.0/valid/with_everything.json").read_bytes())

    commits = rows("deployment", event)["deployment_commits"]

    assert [commit["deployment_id"] for commit in commits] == ["deploy-118", "deploy-118"]
    assert [commit["ordinal"] for commit in commits] == [1, 2]
    assert commits[1]["committed_at"] == datetime(2026, 2, 3, 8, 45)


def test_the_commits_of_a_pull_request_carry_its_whole_key() -> None:
    event = json.loads((FIXTURES / "pull_request/v1.0/valid/with_everything.json").read_bytes())

    first, second = rows("pull_request", event)["pull_request_commits"]

    assert {(row["provider"], row["repository"], row["number"]) for row in (first, second)} == {
        ("github", "shop/cart", 512)
    }
    assert (first["authored_at"], second["authored_at"]) == (datetime(2026, 2, 1, 16), None)
    assert second["committed_at"] == datetime(2026, 2, 2, 10, 40)


def test_the_thresholds_of_a_repository_are_its_children_by_metric() -> None:
    event = json.loads((FIXTURES / "repository/v1.0/valid/with_everything.json").read_bytes())

    thresholds = rows("repository", event)["repository_thresholds"]

    assert {row["metric_id"]: row["threshold"] for row in thresholds} == {
        "change_failure_ratio": 0.1,
        "change_lead_time_p50": 86400000.0,
    }


def test_an_incident_is_versioned_by_its_own_updated_at_where_the_sender_says_no_other() -> None:
    event = json.loads((FIXTURES / "incident/v1.0/valid/with_the_least.json").read_bytes())

    [unsaid] = rows("incident", event)["incidents"]
    [said] = rows("incident", {**event, "emitted_at": "2026-02-03T11:00:00Z"})["incidents"]

    assert unsaid["_emitted_at"] == datetime(2026, 2, 3, 9, 20)
    assert said["_emitted_at"] == datetime(2026, 2, 3, 11)
