"""
The gates in dbt: what each of the generic tests lets pass, and what it finds.

The rows are planted in the relations that a test reads; building them would prove nothing more.
A wrong number is an error, an odd one a warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from dbt_project import outcomes
from hub import Hub

AS_OF = ("--vars", '{as_of: "2026-03-31 12:00:00"}')
TODAY = date(2026, 3, 31)
PARTS = (
    "failed_run_count, timed_out_run_count, canceled_run_count, skipped_run_count, neutral_run_count, "
    "action_required_run_count, unfinished_run_count, unknown_run_count"
)


def gate(hub: Hub, kind: str, *, of: str) -> str:
    """Return how the only test of this kind on a relation came out."""
    [(_, status)] = outcomes(hub, "--select", f"test_name:{kind},{of}", *AS_OF).items()
    return status


def plant(hub: Hub, relation: str, query: str) -> None:
    """Make a relation of what a query gives, in place of what was there."""
    schema = relation.partition(".")[0]
    hub.execute(f"create schema if not exists {schema}; create or replace table {relation} as {query}")


def plant_versions(hub: Hub, current: Sequence[tuple[str, str]]) -> None:
    """Plant three versions of two incidents, and the current ones given as (incident, event)."""
    columns = "(incident_id, _event_id)"
    versions = "select 'pagerduty' as provider, * from (values ('1', 'a'), ('1', 'b'), ('2', 'c')) as v "
    plant(hub, "staging.stg_incidents", versions + columns)
    rows = ", ".join(f"('{incident}', '{event}')" for incident, event in current)
    current_rows = f"select 'pagerduty' as provider, * from (values {rows}) as v {columns}"
    plant(hub, "intermediate.int_incidents_current", current_rows)


@pytest.mark.parametrize(
    ("current", "status"),
    [
        pytest.param([("1", "b"), ("2", "c")], "pass", id="each version is current or superseded"),
        pytest.param([("1", "b")], "fail", id="a thing is lost"),
        pytest.param([("1", "b"), ("2", "c"), ("3", "d")], "fail", id="a thing that was taken back lives on"),
        pytest.param([("1", "a"), ("1", "b"), ("2", "c")], "fail", id="a thing counts twice"),
        pytest.param([("1", "b"), ("2", "x")], "fail", id="the current version was never loaded"),
    ],
)
def test_every_version_is_accounted_for(hub: Hub, current: Sequence[tuple[str, str]], status: str) -> None:
    plant_versions(hub, current)

    assert gate(hub, "accounts_for_every_version", of="int_incidents_current") == status


@pytest.mark.parametrize(("total", "status"), [(12, "pass"), (11, "fail")])
def test_the_statuses_of_a_day_add_up_to_its_runs(hub: Hub, total: int, status: str) -> None:
    parts = ", ".join(f"{name.strip()}: 1" for name in PARTS.split(","))
    counts = f"unnest({{run_count: {total}, succeeded_run_count: 4, {parts}}})"
    plant(hub, "marts.run_health", f"select {counts}")

    assert gate(hub, "adds_up", of="run_health") == status


@pytest.mark.parametrize(("sums", "status"), [((2, 1), "pass"), ((1, 2), "fail"), ((2, 2), "fail")])
def test_the_sum_of_each_day_is_the_number_of_its_facts(hub: Hub, sums: tuple[int, int], status: str) -> None:
    days = "(date '2026-03-01'), (date '2026-03-01'), (date '2026-03-02')"
    plant(hub, "marts.pipeline_runs", f"select *, true as is_final_attempt from (values {days}) as v (started_date)")
    rows = f"(date '2026-03-01', {sums[0]}), (date '2026-03-02', {sums[1]})"
    plant(hub, "marts.run_health", f"select * from (values {rows}) as v (started_date, run_count)")

    found = outcomes(hub, "--select", "test_name:equals_count_of,run_health", *AS_OF)
    # The other test of this kind lacks its columns here.
    assert {each for name, each in found.items() if name.startswith("equals_count_of")} == {status}


@pytest.mark.parametrize(("nulls", "status"), [(0, "pass"), (1, "pass"), (2, "warn")])
def test_a_column_may_be_null_in_its_share_of_rows_and_no_more(hub: Hub, nulls: int, status: str) -> None:
    duration = f"case when n < {nulls} then null else 1000 end as duration_ms"
    plant(hub, "marts.pipeline_runs", f"select {duration}, 'success' as run_status from range(20) as v (n)")

    assert gate(hub, "is_rarely_null", of="pipeline_runs") == status


@pytest.mark.parametrize(
    ("last_day", "status"),
    [
        pytest.param(10, "pass", id="as usual"),
        pytest.param(0, "warn", id="a day without runs"),
        pytest.param(60, "warn", id="six times as many"),
    ],
)
def test_a_day_with_far_fewer_or_more_rows_than_usual_is_odd(hub: Hub, last_day: int, status: str) -> None:
    yesterday = TODAY - timedelta(days=1)
    usual = f"select date '{yesterday}' - n::integer % 30 - 1 as started_date from range(300) as v (n)"
    last = f"select date '{yesterday}' as started_date from range({last_day}) as v (n)"
    plant(hub, "marts.pipeline_runs", f"{usual} union all {last}")

    assert gate(hub, "has_usual_row_count", of="pipeline_runs") == status


def test_nothing_is_usual_yet_where_few_days_are_known(hub: Hub) -> None:
    plant(hub, "marts.pipeline_runs", f"select date '{TODAY}' - 9 as started_date from range(500) as v (n)")

    assert gate(hub, "has_usual_row_count", of="pipeline_runs") == "pass"


@pytest.mark.parametrize(
    ("days", "newest", "status"),
    [
        pytest.param(30, 0.90, "pass", id="within its limits"),
        pytest.param(30, 0.10, "warn", id="far below"),
        pytest.param(10, 0.10, "pass", id="too few days to judge"),
        pytest.param(30, None, "pass", id="not measured today"),
    ],
)
def test_a_series_that_leaves_its_control_limits_is_odd(hub: Hub, days: int, newest: float | None, status: str) -> None:
    value = f"case when n = 0 then {'null' if newest is None else newest} else 0.88 + n % 5 * 0.01 end"
    rows = f"select date '{TODAY}' - n::integer as started_date, {value} as success_ratio from range({days}) as v (n)"
    series = "'o/r' as repository, 'ci' as workflow, '(none)' as environment"
    plant(hub, "marts.run_health", f"select *, {series} from ({rows})")

    assert gate(hub, "is_in_control", of="run_health") == status


@pytest.mark.parametrize(("is_stale", "status"), [("false", "pass"), ("true", "warn")])
def test_a_topic_that_fell_silent_is_odd(hub: Hub, is_stale: str, status: str) -> None:
    topic = "'incident' as topic, false as is_simulated, 99 as age_days, 7 as freshness_days"
    plant(hub, "marts.data_trust", f"select {topic}, {is_stale} as is_stale")

    found = outcomes(hub, "--select", "topics_that_were_ever_loaded_are_fresh", *AS_OF)
    assert list(found.values()) == [status]


@pytest.mark.parametrize(("rejected", "status"), [(1, "pass"), (2, "warn")])
def test_more_rejects_than_the_target_bears_are_odd(hub: Hub, rejected: int, status: str) -> None:
    counts = f"{rejected} as rejected_event_count, 100 as event_count, {rejected / 100} as reject_ratio"
    plant(hub, "marts.data_trust", f"select 'incident' as topic, false as is_simulated, {counts}")
    plant(hub, "intermediate.int_targets", "select 'reject_ratio' as metric_id, 0.01 as amber")

    found = outcomes(hub, "--select", "rejects_are_within_their_target", *AS_OF)
    assert list(found.values()) == [status]
