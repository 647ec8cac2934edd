"""PagerDuty's incidents and Jira's: since when, until when, and what is no incident at all."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from native import FIXTURES, corpus, events, items

from ci_intel.moments import utc
from ingest.readers import Malformed

PAGERDUTY = FIXTURES / "pagerduty" / "valid"
JIRA = FIXTURES / "jira" / "valid"
RECORDED = "incidents/pagerduty_raw_csv/apache__incubator-devlake"


def test_an_incident_of_pagerduty_was_taken_when_someone_first_took_it() -> None:
    resolved, taken = events("pagerduty", PAGERDUTY / "page.json")

    assert resolved == {
        "schema": "incident.v1.0",
        "provider": "pagerduty",
        "incident_id": "Q1AAA",
        "service": "checkout",
        "severity": "P1",
        "opened_at": "2026-03-02T11:00:00Z",
        "acknowledged_at": "2026-03-02T11:03:00Z",
        "resolved_at": "2026-03-02T11:41:30Z",
        "updated_at": "2026-03-02T11:42:00Z",
        "uri": "https://acme.pagerduty.com/incidents/Q1AAA",
    }
    assert (taken["acknowledged_at"], taken["severity"]) == ("2026-03-02T12:04:00Z", "low")
    assert "resolved_at" not in taken


def test_in_older_answers_the_last_change_of_its_status_is_when_it_was_resolved() -> None:
    (incident,) = events("pagerduty", PAGERDUTY / "one_of_an_older_answer.json")

    assert incident["resolved_at"] == incident["updated_at"] == "2026-03-02T11:41:30Z"
    assert incident["severity"] == "high"


def test_pages_without_incidents_hold_nothing() -> None:
    assert events("pagerduty", PAGERDUTY / "empty_page.json") == []
    assert events("jira", JIRA / "empty_page.json") == []


@pytest.mark.parametrize(
    ("place", "resolved_at"),
    [
        pytest.param(0, "2026-03-02T13:25:00.000+01:00", id="its date of resolution"),
        pytest.param(1, None, id="an open one"),
        pytest.param(2, "2026-03-02T13:00:00.000+00:00", id="when its category changed"),
        pytest.param(3, "2026-03-02T12:59:00.000+01:00", id="the last move in its history"),
    ],
)
def test_an_incident_of_jira_was_resolved_at(place: int, resolved_at: str | None) -> None:
    assert events("jira", JIRA / "page_of_a_search.json")[place].get("resolved_at") == resolved_at


def test_an_incident_of_jira_has_its_key_its_component_and_an_address_for_people() -> None:
    first, of_two_components, labelled, _ = events("jira", JIRA / "page_of_a_search.json")

    assert first["incident_id"] == "OPS-1"
    assert (first["service"], first["severity"]) == ("checkout", "Highest")
    assert first["opened_at"] == "2026-03-02T12:00:00.000+01:00"
    assert first["uri"] == "https://acme.atlassian.net/browse/OPS-1"
    assert of_two_components.keys().isdisjoint({"service", "severity"})
    assert labelled["incident_id"] == "OPS-3"


def test_a_data_center_below_a_path_has_addresses_below_it() -> None:
    (incident,) = events("jira", JIRA / "one_of_a_data_center.json")

    assert incident["uri"] == "https://jira.example.org/jira/browse/OPS-5"


def test_a_story_is_no_incident_and_the_report_says_what_it_is() -> None:
    _, story = items("jira", FIXTURES / "jira" / "invalid" / "a_story_among_incidents.json")

    assert isinstance(story, Malformed)
    assert (story.code, story.pointer) == ("not_an_incident", "/issues/1/fields/issuetype")
    assert "'Story'" in story.message


@pytest.mark.corpus
def test_recorded_incidents_have_the_times_that_devlake_found_in_them(tmp_path: Path) -> None:
    csv.field_size_limit(1 << 24)
    with corpus(f"{RECORDED}/pagerduty___raw_pagerduty_incidents.csv").open(newline="") as dump:
        recorded = [json.loads(row["data"]) for row in csv.DictReader(dump)]
    with corpus(f"{RECORDED}/pagerduty___tool_pagerduty_incidents.csv").open(newline="") as table:
        expected = {row["url"]: row for row in csv.DictReader(table)}
    path = tmp_path / "incidents.json"
    path.write_text(json.dumps(recorded))

    incidents = events("pagerduty", path)

    assert len(incidents) == len(expected) == 3
    for incident in incidents:
        row = expected[incident["uri"]]
        assert utc(incident["opened_at"]) == utc(row["created_date"])
        assert utc(incident["updated_at"]) == utc(row["updated_date"])
        assert incident["severity"] == row["urgency"]
        assert ("resolved_at" in incident) == (row["status"] == "resolved")
    assert sum("acknowledged_at" in incident for incident in incidents) == 3
