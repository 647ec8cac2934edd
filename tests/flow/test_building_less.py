"""Building less than everything: without rows, a few days, and what a change touches (see docs/operations.md)."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fixture_events
from dbt.cli.main import dbtRunner
from dbt_project import MARTS, PROJECT, run_dbt_on
from hub import Hub, lines

from ingest import load
from ingest.evidence import Limits, opened
from ingest.warehouse.duckdb import DuckDBWarehouse

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
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
