"""Reports of other tools, through the real command into a real warehouse: good, again, and bad."""

from __future__ import annotations

import pytest
from hub import PROJECT, SHOP, Hub

FIXTURES = PROJECT / "tests" / "ingest" / "readers" / "fixtures"
TABLES = {
    "cdevents": ("pipeline_runs", "pipeline_jobs", "deployments", "incidents", "releases", "test_cases"),
    "gitlab_rest": ("pipeline_runs", "pipeline_jobs", "deployments", "pull_requests"),
    "jacoco_xml": ("coverage_reports", "coverage_files"),
    "jenkins_json": ("pipeline_runs", "pipeline_jobs"),
    "jira": ("incidents",),
    "lcov": ("coverage_reports", "coverage_files"),
    "mutmut": ("mutation_runs", "mutants"),
    "pagerduty": ("incidents",),
    "pit_xml": ("mutation_runs", "mutants"),
}


@pytest.mark.parametrize("name", TABLES)
def test_reports_fill_their_tables_once_however_often_they_are_loaded(hub: Hub, name: str) -> None:
    first = hub.load(FIXTURES / name / "valid", *SHOP)
    second = hub.load(FIXTURES / name / "valid", *SHOP)

    assert {(report["format"], report["status"]) for report in first} == {(name, "loaded")}
    assert {report["status"] for report in second} == {"duplicate"}
    for table in TABLES[name]:
        rows, loads = hub.rows(f"select count(*), count(distinct _load_id) from raw.{table}")[0]
        assert rows > 0, table
        assert loads <= len(first)


@pytest.mark.parametrize("name", TABLES)
def test_bad_reports_are_told_and_kept_and_lose_no_event(hub: Hub, name: str) -> None:
    reports = hub.load(FIXTURES / name / "invalid", *SHOP, exit_code=1)

    assert {report["status"] for report in reports} <= {"loaded", "refused"}
    refused = [report for report in reports if report["status"] == "refused"]
    assert hub.value("select count(*) from raw.refusals") == len(refused)
    assert hub.value("select count(*) from raw.rejects") == sum(report["rejected"] for report in reports)
    assert all(report["rejected"] > 0 for report in reports if report["status"] == "loaded")
