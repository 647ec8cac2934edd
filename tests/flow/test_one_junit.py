"""The smallest hubs: one JUnit report and nothing else, and no warehouse at all."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dbt_project import MARTS, run_dbt_on
from hub import PROJECT, SHOP, Hub

JUNIT = PROJECT / "tests/ingest/readers/fixtures/junit_xml/valid/equal_suites.xml"
LAST_WEEK = datetime.now(UTC) - timedelta(days=7)


@pytest.fixture(scope="module")
def one_report(shared_hub: Hub) -> Hub:
    """A hub in which one report of last week was loaded, and everything built."""
    path = shared_hub.file("report.xml", JUNIT.read_bytes())
    os.utime(path, (LAST_WEEK.timestamp(), LAST_WEEK.timestamp()))
    shared_hub.load(path, *SHOP)
    results = run_dbt_on(shared_hub, "build", "--exclude-resource-type", "unit_test").result
    # Exposures, which run nothing, are no-ops.
    assert {str(result.status) for result in results} == {"success", "pass", "no-op"}
    return shared_hub


def test_one_junit_report_builds_every_mart(one_report: Hub) -> None:
    assert one_report.tables("marts") == MARTS
    health = "select repository, suite, suite_run_count, passed_test_count from marts.test_health"
    assert one_report.rows(health) == [("acme/shop", "smoke", 2, 2)]
    trust = "select load_count, loaded_event_count from marts.data_trust where topic = 'test_report'"
    assert one_report.rows(trust) == [(1, 2)]
    silent = "select distinct status from marts.data_trust where load_count = 0 and topic <> '(none)'"
    assert one_report.rows(silent) == [("grey",)]


def test_one_junit_report_leaves_every_metric_of_the_week_grey_for_a_reason(one_report: Hub) -> None:
    metrics = one_report.value("select count(*) from seeds.targets")
    of_last_week = "marts.executive_scorecard where weeks_ago = 1 and is_current and not is_simulated"

    assert one_report.value(f"select count(*) from {of_last_week}") == metrics
    assert one_report.rows(f"select distinct status from {of_last_week}") == [("grey",)]
    assert one_report.value(f"select count(*) from {of_last_week} and (why is null or grey_reason is null)") == 0


def test_two_tests_are_too_little_to_judge_a_week_by(one_report: Hub) -> None:
    # Its own week, should a new one have begun while this ran.
    [reasons] = one_report.rows(
        "select grey_reason, why from marts.executive_scorecard where metric_id = 'test_pass_ratio' "
        f"and date '{LAST_WEEK:%Y-%m-%d}' between week_start_date and week_start_date + 6 and not is_simulated"
    )

    assert reasons == ("too_little", "Too little data: 2 of at least 50.")


def test_the_command_gives_each_grey_metric_its_own_reason(one_report: Hub) -> None:
    metrics = one_report.value("select count(*) from seeds.targets")

    result = one_report.run("scorecard")

    assert result.exit_code == 0
    assert result.stdout.count("● grey") == metrics
    assert "Never measured: no evidence by the end of the week." in result.stdout
    assert "Too little data: 2 of at least 50." in result.stdout


def test_without_a_warehouse_dbt_stops_with_the_command_that_makes_one(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    # Git keeps the folder of the default warehouse, or DuckDB could not get as far as this message.
    assert (PROJECT / "warehouse" / ".gitkeep").is_file()
    hub.path.parent.mkdir()

    with pytest.raises(AssertionError) as stopped:
        run_dbt_on(hub, "build")

    assert "No raw tables in this warehouse yet: run `ci-intel warehouse init`" in str(stopped.value)
    assert hub.tables("marts") == set()
