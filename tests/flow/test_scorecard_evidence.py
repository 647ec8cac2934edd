"""From a cell of the scorecard to the lines of evidence behind it."""

from __future__ import annotations

import json

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


def test_a_rejected_event_leads_to_its_load(reported_hub: Hub) -> None:
    reported_hub.rows("select 1")
    loads = reported_hub.rows(
        "select distinct _load_id from marts.scorecard_evidence where kind = 'load' and _load_id is not null"
    )

    known = {row[0] for row in reported_hub.rows("select load_id from raw.loads")}
    assert {load_id for (load_id,) in loads} <= known
