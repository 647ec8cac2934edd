"""Building less than everything: without rows, a few days, and what a change touches (see docs/operations.md)."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import fixture_events
import polars as pl
from attempts import job
from attempts import run as run_of_day
from dbt.cli.main import dbtRunner
from dbt_project import MARTS, PROJECT, run_dbt_on
from hub import Hub, lines
from polars.testing import assert_frame_equal

from ingest import load
from ingest.evidence import Limits, opened
from ingest.warehouse.duckdb import DuckDBWarehouse

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
ROWS = ("build", "--exclude-resource-type", "unit_test", "test", "--select")
ALL_OF_RUNS = (*ROWS, "+queueing", "+run_health")
OF_RUNS = ("pipeline_runs", "pipeline_jobs", "run_health", "queueing")
AS_OF = '"as_of": "2026-03-31 12:00:00"'


def run(number: int) -> dict[str, object]:
    return {**fixture_events.least("pipeline_run", "v1.3"), "run_id": str(number)}


def test_every_model_is_built_and_every_test_passes_without_a_row(hub: Hub) -> None:
    hub.load(hub.file("runs.ndjson", lines(run(1), run(2))))

    run_dbt_on(hub, "build", "--empty", "--exclude-resource-type", "unit_test")

    assert hub.tables("marts") == MARTS
    assert hub.value("select count(*) from marts.pipeline_runs") == 0


def test_a_sample_has_the_days_it_was_asked_for_in_schemas_of_its_own(hub: Hub) -> None:
    for number in range(5):
        path = hub.file(f"{number}.ndjson", lines(run(number)))
        warehouse = DuckDBWarehouse(hub.path)
        with opened(path, Limits()) as evidence:
            load.load_file(evidence, warehouse, load.Options(), now=NOW - timedelta(days=number, hours=1))
        warehouse.close()

    selected = ("--exclude-resource-type", "unit_test", "test", "--select", "+run_health")
    run_dbt_on(hub, "build", *selected, "--vars", f'{{{AS_OF}, "sample_days": 3}}', is_read_anew=True)

    assert hub.rows("select run_id from sample_marts.pipeline_runs order by 1") == [("0",), ("1",), ("2",)]
    assert hub.tables("marts") == set()


def test_a_changed_model_is_built_with_what_reads_it_and_nothing_else(tmp_path: Path) -> None:
    project, state = tmp_path / "project", tmp_path / "state"
    for name in ("macros", "models", "seeds", "config", "tests/dbt"):
        shutil.copytree(PROJECT / name, project / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT / name, project / name)
    folders = ["--project-dir", str(project), "--profiles-dir", str(project), "--quiet", "--log-path", str(tmp_path)]
    assert dbtRunner().invoke(["parse", *folders, "--target-path", str(state)]).success
    changed = project / "models/marts/runs/red_streaks.sql"
    changed.write_text(changed.read_text().replace("streaks_with_end", "ended_streaks"))

    selected = ["--resource-type", "model", "--select", "state:modified+", "--state", str(state)]
    told = ["--output", "json", "--output-keys", "name"]
    listed = dbtRunner().invoke(["ls", *folders, *selected, *told, "--target-path", str(tmp_path / "target")])

    names = {json.loads(line)["name"] for line in listed.result}
    assert {"red_streaks", "run_health"} <= names
    assert not names & {"pipeline_runs", "pipeline_jobs", "deployments"}


def marts_of_runs(hub: Hub) -> dict[str, pl.DataFrame]:
    with duckdb.connect(str(hub.path), read_only=True) as connection:
        return {name: connection.execute(f"select * exclude (_seen_change) from marts.{name}").pl() for name in OF_RUNS}


def when_made(hub: Hub) -> list[tuple[str, str]]:
    """Return by day which change its runs were made for."""
    return hub.rows("select started_date::text, max(_seen_change) from marts.pipeline_runs group by all order by 1")


def test_a_build_makes_only_those_days_anew_of_which_something_was_loaded_since_the_last(hub: Hub) -> None:
    hub.load(hub.file("old.ndjson", lines(run_of_day("2", 1, 2, "build"), job("2", 1, 2))))
    run_dbt_on(hub, *ROWS, "+pipeline_runs")
    hub.load(hub.file("new.ndjson", lines(run_of_day("8", 1, 8, "build"))))
    run_dbt_on(hub, *ROWS, "+pipeline_runs")
    [(_, change_of_the_old), (_, change_of_the_new)] = made = when_made(hub)

    run_dbt_on(hub, *ROWS, "+pipeline_runs")

    assert change_of_the_old < change_of_the_new
    assert when_made(hub) == made
    assert hub.value("select max(_change) from intermediate.int_run_days_changed") == change_of_the_new


def test_a_reload_of_what_is_neither_run_nor_job_makes_no_day_anew(hub: Hub) -> None:
    hub.load(hub.file("run.ndjson", lines(run_of_day("2", 1, 2, "build"))))
    [of_incident] = hub.load(hub.file("incident.ndjson", lines(fixture_events.least("incident", "v1.0"))))
    run_dbt_on(hub, *ROWS, "+pipeline_runs")
    made = when_made(hub)
    assert hub.run("reload", of_incident["load_id"]).exit_code == 0

    run_dbt_on(hub, *ROWS, "+pipeline_runs")

    assert len(made) == 1
    assert when_made(hub) == made


# What each leaves out: what arrived of runs, of jobs, which days either changed, and what is made of them.
LEAVING_OUT = (
    ("int_pipeline_jobs_current+,+queueing", "int_pipeline_jobs_current+,+run_health"),
    ("int_pipeline_runs_current+,+queueing", "int_pipeline_runs_current+,+run_health"),
    ("int_pipeline_jobs_current", "int_run_days_changed"),
    ("pipeline_runs", "run_health"),
)


def test_what_a_build_of_some_models_left_out_is_made_good_by_the_next_of_all(hub: Hub) -> None:
    hub.load(hub.file("first.ndjson", lines(run_of_day("2", 1, 2, "build"), job("2", 1, 2))))
    run_dbt_on(hub, *ALL_OF_RUNS)
    for number, selected in enumerate(LEAVING_OUT):
        first, later, alone = (str(10 * number + count) for count in (1, 2, 3))
        day = 5 * number + 3
        corrected = (run_of_day("2", 1, 2, *("build", "test")[: number + 1]), job("2", number + 2, day))
        new = (run_of_day(first, 1, day, "build"), run_of_day(later, 1, day + 2), job(alone, 1, day + 3))
        hub.load(hub.file(f"{number}.ndjson", lines(*corrected, *new)))
        run_dbt_on(hub, *ROWS, *selected)
        run_dbt_on(hub, *ALL_OF_RUNS)

    brought_up_to_date = marts_of_runs(hub)
    run_dbt_on(hub, *ALL_OF_RUNS, "--full-refresh")

    for name, rebuilt in marts_of_runs(hub).items():
        assert rebuilt.height > len(LEAVING_OUT), name
        assert_frame_equal(brought_up_to_date[name], rebuilt, check_row_order=False)
