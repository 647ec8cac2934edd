"""Bad input of delivery: what happens to it, from the file to the marts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from dbt_project import run_dbt_on
from hub import Hub, lines

AS_OF = "2026-04-20 12:00:00"


def sha(name: str) -> str:
    return hashlib.sha1(name.encode()).hexdigest()


def deployment(number: str, repository: str, finished_at: str, **fields: Any) -> dict[str, Any]:
    return {
        "schema": "deployment.v1.0",
        "provider": "argocd",
        "deployment_id": number,
        "repo": repository,
        "environment": "production",
        "is_production": True,
        "status": "success",
        "started_at": finished_at,
        "finished_at": finished_at,
        **fields,
    }


def commit(name: str, committed_at: str) -> dict[str, str]:
    return {"sha": sha(name), "committed_at": committed_at}


EVENTS: tuple[Mapping[str, Any], ...] = (
    # A deployment without a commit, after a first one that has some.
    deployment("w1", "shop/without", "2026-04-06T10:00:00Z", commits=[commit("w", "2026-04-06T09:00:00Z")]),
    deployment("w2", "shop/without", "2026-04-07T10:00:00Z"),
    # Clocks that disagree: a commit from after its deployment, beside one from before, and a merge from after it.
    deployment("c1", "shop/clocks", "2026-04-06T10:00:00Z"),
    deployment(
        "c2",
        "shop/clocks",
        "2026-04-07T10:00:00Z",
        commits=[commit("late", "2026-04-07T10:00:01Z"), commit("early", "2026-04-07T08:00:00Z")],
    ),
    {
        "schema": "pull_request.v1.0",
        "repo": "shop/clocks",
        "number": 7,
        "opened_at": "2026-04-07T09:00:00Z",
        "merged_at": "2026-04-07T10:00:01Z",
        "merge_commit_sha": sha("late"),
    },
    # A month without deployments, then one.
    deployment("m1", "shop/monthly", "2026-03-02T10:00:00Z"),
    deployment("m2", "shop/monthly", "2026-04-13T10:00:00Z"),
    # A service that is archived on the Thursday of a week in which it was deployed.
    deployment("a1", "shop/archived", "2026-04-06T10:00:00Z"),
    {
        "schema": "repository.v1.0",
        "repo": "shop/archived",
        "valid_from": "2026-04-01T00:00:00Z",
        "team": "shop",
        "service": "archived",
        "tier": 2,
        "default_branch": "main",
        "is_active": True,
    },
    {
        "schema": "repository.v1.0",
        "repo": "shop/archived",
        "valid_from": "2026-04-09T00:00:00Z",
        "team": "shop",
        "service": "archived",
        "tier": 2,
        "default_branch": "main",
        "is_active": False,
    },
)
INCIDENT = {
    "schema": "incident.v1.0",
    "provider": "pagerduty",
    "incident_id": "9",
    "repo": "shop/without",
    "opened_at": "2026-04-07T11:00:00Z",
    "updated_at": "2026-04-07T12:00:00Z",
}


@pytest.fixture(scope="module")
def built(shared_hub: Hub) -> Hub:
    shared_hub.load(shared_hub.file("delivery.ndjson", lines(*EVENTS)))
    backwards = INCIDENT | {"resolved_at": "2026-04-07T10:59:59Z"}
    [report] = shared_hub.load(shared_hub.file("incidents.ndjson", lines(backwards)), exit_code=1)
    shared_hub.file("report.json", json.dumps(report).encode())
    run_dbt_on(
        shared_hub,
        "build",
        *("--select", "+dora", "+dora_by_day", "+lead_time_stages", "+incidents"),
        *("--exclude-resource-type", "unit_test"),
        *("--vars", f"{{as_of: '{AS_OF}'}}"),
    )
    return shared_hub


def test_an_incident_resolved_before_it_opened_is_rejected_with_a_reason_and_fails_nothing(built: Hub) -> None:
    report = json.loads((built.folder / "report.json").read_text())

    assert (report["loaded"], report["rejected"]) == (0, 1)
    assert "/resolved_at" in json.dumps(report)
    assert built.value("select count(*) from marts.incidents") == 0
    assert built.value("select sum(failed_deployment_count) from marts.dora") == 0


def test_a_deployment_without_a_commit_is_counted_and_its_lead_time_is_null_with_a_reason(built: Hub) -> None:
    [deployed] = built.rows(
        "select is_counted, lead_time_p50_ms, lead_time_unmeasured_reason from marts.deployments "
        "where deployment_id = 'w2'"
    )
    [week] = built.rows(
        "select deployment_count, shipped_commit_count, change_lead_time_p50_ms, change_lead_time_unmeasured_reason "
        "from marts.dora where repository = 'shop/without' and week_start_date = '2026-04-06'"
    )

    assert deployed == (True, None, "no_commits")
    # The only commit of the week came with the first deployment, which has no predecessor.
    assert week == (2, 1, None, "no_predecessor")


def test_a_negative_lead_time_is_null_and_counted_and_in_no_percentile(built: Hub) -> None:
    [week] = built.rows(
        "select negative_lead_time_commit_count, measured_commit_count, change_lead_time_p50_ms "
        "from marts.dora where repository = 'shop/clocks' and week_start_date = '2026-04-06'"
    )
    [change] = built.rows(
        "select deployment_id, deploy_ms, deploy_unmeasured_reason, measured_stages_ms from marts.lead_time_stages"
    )

    assert week == (1, 1, 2 * 3_600_000)
    assert change == ("c2", None, "negative", None)


def test_a_month_without_deployments_has_frequency_zero_and_no_ratio_week_by_week_and_over_28_days(built: Hub) -> None:
    weeks = built.rows(
        "select deployment_count, deployment_frequency, change_failure_ratio, rework_ratio, recovery_time_p50_ms "
        "from marts.dora where repository = 'shop/monthly' and week_start_date between '2026-03-09' and '2026-04-06'"
    )
    [window] = built.rows(
        "select has_whole_window, deployment_count, deployment_frequency, change_failure_ratio, rework_ratio "
        "from marts.dora_by_day where repository = 'shop/monthly' and calendar_date = '2026-04-12'"
    )

    assert weeks == [(0, 0.0, None, None, None)] * 5
    assert window == (True, 0, 0.0, None, None)


def test_an_archived_service_is_measured_by_its_active_days_and_then_has_no_frequency(built: Hub) -> None:
    weeks = built.rows(
        "select active_day_count, deployment_count, deployment_frequency "
        "from marts.dora where repository = 'shop/archived' order by week_start_date"
    )
    [last_day] = built.rows(
        "select active_day_count, deployment_count, deployment_frequency "
        "from marts.dora_by_day where repository = 'shop/archived' and calendar_date = '2026-04-20'"
    )

    # 1 to 5 April, then 6 to 8 April of the week in which it was archived, then none.
    assert weeks == [(5, 0, 0.0), (3, 1, 1 / 3), (0, 0, None), (0, 0, None)]
    assert last_day == (8, 1, 1 / 8)
