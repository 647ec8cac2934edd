"""From a cell of the scorecard to the lines of evidence behind it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from dbt_project import outcomes
from hub import Hub

SUMS = "scorecard_evidence_adds_up_to_the_scorecard"


def test_each_metric_of_the_scorecard_has_evidence_or_says_why_not(reported_hub: Hub) -> None:
    missing = reported_hub.rows(
        "select metric_id, week_start_date, is_simulated from marts.executive_scorecard "
        "where is_current and weeks_ago between 1 and 4 except "
        "select metric_id, week_start_date, is_simulated from marts.scorecard_evidence"
    )

    assert missing == []
    assert reported_hub.value(
        "select count(distinct metric_id) from marts.scorecard_evidence where is_simulated and counting <> 'none'"
    ) == reported_hub.value(
        "select count(distinct metric_id) from marts.executive_scorecard "
        "where is_simulated and is_current and weeks_ago between 1 and 4 and metric_value is not null"
    )


def test_the_sums_of_the_evidence_are_the_scorecards_own(reported_hub: Hub) -> None:
    assert outcomes(reported_hub, "--select", SUMS) == {SUMS: "pass"}


def test_each_kind_of_evidence_leads_to_the_event_that_show_prints(reported_hub: Hub) -> None:
    events = reported_hub.rows(
        "select kind, min(_event_id) from marts.scorecard_evidence where _event_id is not null group by kind"
    )

    assert {kind for kind, _ in events} >= {
        "pipeline_run", "pipeline_job", "deployment", "commit", "test_suite", "mutation_run", "artifact_check",
        "policy_decision", "gate_decision", "release_evidence", "cache_check", "incident",
        "chaos_experiment", "dr_drill",
    }  # fmt: skip
    for kind, event_id in events:
        shown = reported_hub.run("show", event_id)
        assert shown.exit_code == 0, (kind, shown.output)
        assert json.loads(shown.stdout)


def test_evidence_without_a_single_event_says_that_it_is_an_aggregate_or_derived(reported_hub: Hub) -> None:
    assert reported_hub.rows(
        "select distinct metric_id from marts.scorecard_evidence "
        "where _load_id is null and counting not in ('none', 'excluded') and not is_aggregate "
        "and kind <> 'artifact_check' order by 1"
    ) == [("forecast_error",)]


def test_the_scorecard_command_prints_what_is_behind_a_metric(reported_hub: Hub) -> None:
    shown = reported_hub.run("scorecard", "--evidence", "bypass_count")
    assert shown.exit_code == 0, shown.output
    assert "Deployments that no policy was asked about (red)" in shown.stdout
    assert "in the numerator: 1" in shown.stdout
    assert "No policy was asked about it." in shown.stdout

    rows = [
        json.loads(line)
        for line in reported_hub.run("scorecard", "--evidence", "bypass_count", "--json").stdout.splitlines()
    ]
    [counted] = [row for row in rows if row["counting"] == "numerator"]
    assert reported_hub.run("show", counted["_event_id"]).exit_code == 0


def test_a_metric_that_is_not_in_the_scorecard_says_where_metrics_are_listed(reported_hub: Hub) -> None:
    result = reported_hub.run("scorecard", "--evidence", "no_such_metric")

    misspelt = reported_hub.run("scorecard", "--evidence", "bypas_count")
    assert (result.exit_code, misspelt.exit_code) == (1, 1)
    assert "the scorecard has no metric 'no_such_metric': there is budgets_kept_ratio, bypass_count, " in result.output
    assert "`ci-intel metrics` lists the metrics" in result.output
    assert "is it bypass_count?" in misspelt.output


def test_a_metric_may_be_named_as_the_scorecard_prints_it(reported_hub: Hub) -> None:
    by_id = reported_hub.run("scorecard", "--evidence", "bypass_count")
    by_name = reported_hub.run("scorecard", "--evidence", "deployments that no policy was asked about")

    assert (by_name.exit_code, by_name.stdout) == (0, by_id.stdout)


def test_a_matter_of_a_metric_leads_to_what_that_was_counted_from(reported_hub: Hub) -> None:
    said = reported_hub.run("attention").stdout

    places = {line.strip() for line in said.splitlines() if "ci-intel scorecard --evidence" in line}
    assert "ci-intel scorecard --evidence mutation_score" in places
    assert "marts.executive_scorecard where" not in said
    for place in places:
        assert reported_hub.run(*place.split()[1:]).exit_code == 0


def test_a_warehouse_that_was_renamed_still_tells_what_is_behind_a_metric(reported_hub: Hub, tmp_path: Path) -> None:
    renamed = shutil.copy(reported_hub.path, tmp_path / "of last week.duckdb")

    said = reported_hub.run("scorecard", "--evidence", "bypass_count", "--warehouse", f"duckdb:///{renamed}")

    assert said.exit_code == 0, said.output
    assert said.stdout == reported_hub.run("scorecard", "--evidence", "bypass_count").stdout
