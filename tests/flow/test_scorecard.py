"""Closed weeks of the scorecard: what was published stays, and what is found later is a revision with its reason."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from dbt_project import run_dbt_on
from hub import Hub, lines

WEEK = "2026-02-02"
Rows = list[tuple[Any, ...]]
SCORECARD = ("int_scorecard_measured", "int_scorecard_revisions", "executive_scorecard")


def build(hub: Hub, day: str, *selected: str, full_refresh: bool = False) -> None:
    options = ("--exclude-resource-type", "unit_test", "test", "--vars", f"{{as_of: '{day} 06:00:00'}}")
    refresh = ("--full-refresh",) if full_refresh else ()
    run_dbt_on(hub, "build", *options, *refresh, *(("--select", *selected) if selected else ()))


def revisions(hub: Hub, metric: str = "test_pass_ratio") -> Rows:
    """Return what the scorecard says of the week and metric, oldest revision first."""
    return hub.rows(
        "select revision, is_current, metric_value, cast(restated_at as date) as restated_date, restatement_reason, "
        f"status from marts.executive_scorecard where metric_id = '{metric}' and week_start_date = '{WEEK}' "
        "and not is_simulated order by revision"
    )


def report(passed: int, failed: int, hour: int) -> dict[str, Any]:
    """Return a test report of the week."""
    cases = [{"name": f"test_{place}", "outcome": "passed"} for place in range(passed)]
    cases += [{"name": f"test_{place}_fails", "outcome": "failed"} for place in range(failed)]
    return {
        "schema": "test_report.v1.0",
        "repo": "acme/shop",
        "suite": f"suite of {hour} o'clock",
        "started_at": f"2026-02-03T{hour:02}:00:00Z",
        "cases": cases,
    }


@pytest.fixture(scope="module")
def told(shared_hub: Hub) -> dict[str, Rows]:
    """What the scorecard said of the week after each of a row of builds, by what had happened before it."""
    hub, said = shared_hub, {}
    hub.load(hub.file("first.ndjson", lines(report(99, 1, 10))))
    build(hub, "2026-02-10")
    said["the week ended"] = revisions(hub)

    build(hub, "2026-02-11", *SCORECARD)
    said["nothing"] = revisions(hub)
    said["nothing, of any week"] = hub.rows("select max(revision) from marts.executive_scorecard where is_complete")

    hub.load(hub.file("late.ndjson", lines(report(80, 20, 15))))
    build(hub, "2026-02-12")
    said["late evidence"] = revisions(hub)

    hub.execute("update seeds.targets set green = 0.8, amber = 0.7 where metric_id = 'test_pass_ratio'")
    build(hub, "2026-02-13", *SCORECARD)
    said["another target"] = revisions(hub)

    hub.execute("update seeds.metric_definitions set metric_version = 2 where metric_id = 'test_pass_ratio'")
    build(hub, "2026-02-14", *SCORECARD)
    said["another definition"] = revisions(hub)
    return said


@pytest.fixture(scope="module")
def published(shared_hub: Hub, told: dict[str, Rows]) -> Hub:
    """A hub after all of these builds."""
    assert told
    return shared_hub


def test_a_week_is_published_once_however_often_it_is_built(told: dict[str, Rows]) -> None:
    assert [row[:2] for row in told["the week ended"]] == [(1, True)]
    assert told["nothing"] == told["the week ended"]
    assert told["nothing, of any week"] == [(1,)]


def test_late_evidence_restates_the_week_and_keeps_what_was_published(told: dict[str, Rows]) -> None:
    first, second = told["late evidence"]

    assert (first[0], first[1], first[2], first[3], first[4]) == (1, False, 0.99, None, None)
    assert (second[0], second[1], second[2], str(second[3]), second[4]) == (2, True, 0.895, "2026-02-12", "evidence")
    assert (first[5], second[5]) == ("green", "red")


def test_another_target_restates_the_week_although_its_value_is_the_same(told: dict[str, Rows]) -> None:
    assert [(row[0], row[2], row[4], row[5]) for row in told["another target"]][1:] == [
        (2, 0.895, "evidence", "red"),
        (3, 0.895, "target", "green"),
    ]


def test_another_definition_restates_the_week_and_names_its_version(told: dict[str, Rows], published: Hub) -> None:
    assert [(row[0], row[1], row[4]) for row in told["another definition"]][2:] == [
        (3, False, "target"),
        (4, True, "definition"),
    ]
    versions = published.rows(
        f"select metric_version from marts.executive_scorecard where metric_id = 'test_pass_ratio' "
        f"and week_start_date = '{WEEK}' and not is_simulated order by revision"
    )
    assert versions == [(1,), (1,), (1,), (2,)]


def test_a_full_refresh_leaves_what_was_published_and_the_newest_revision_is_what_is_known(published: Hub) -> None:
    before = revisions(published)
    build(published, "2026-02-14", *SCORECARD, full_refresh=True)

    assert revisions(published) == before
    compared = (
        "week_start_date, metric_id, is_simulated, metric_version, metric_value, numerator, denominator, sample_count, "
        "measured_at, minimum_sample, freshness_days, unit, direction"
    )
    published_weeks = f"select {compared} from marts.executive_scorecard where is_current and is_complete"
    measured_weeks = f"select {compared} from intermediate.int_scorecard_measured where is_complete"
    assert published.value(f"select count(*) from ({published_weeks})") > 100
    assert published.rows(f"({published_weeks}) except ({measured_weeks})") == []
    assert published.rows(f"({measured_weeks}) except ({published_weeks})") == []


def test_the_command_prints_each_metric_once_and_the_newest_revision_of_it(published: Hub) -> None:
    weeks_ago = published.value(
        f"select max(weeks_ago) from marts.executive_scorecard where week_start_date = '{WEEK}'"
    )

    result = published.run("scorecard", "--weeks-ago", str(weeks_ago), "--json")

    rows = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert len(rows) == len({(row["metric_id"], row["is_simulated"]) for row in rows})
    [passes] = [row for row in rows if row["metric_id"] == "test_pass_ratio"]
    assert (passes["revision"], passes["restatement_reason"]) == (4, "definition")


def test_a_week_that_left_the_window_is_kept(published: Hub) -> None:
    # The view holds the moment of its build as a literal.
    build(published, "2026-08-03", "int_scorecard_weeks", *SCORECARD)

    assert (
        published.value(f"select count(*) from intermediate.int_scorecard_measured where week_start_date = '{WEEK}'")
        == 0
    )
    assert [row[0] for row in revisions(published)] == [1, 2, 3, 4]
