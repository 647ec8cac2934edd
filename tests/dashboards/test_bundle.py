"""What Superset imports: derived from the assets, the same bytes each time, one uuid on every engine."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from ci_intel.cli import cli
from dashboards.assets import read_assets
from dashboards.bundle import DATABASE, bundle, uuid_of
from dashboards.exposures import exposures

FIXTURES = Path(__file__).parent / "fixtures"
DUCKDB = "duckdb:////srv/hub.duckdb"
BIGQUERY = "bigquery://our-project/hub"


def unpacked(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name.removeprefix("bundle/"): yaml.safe_load(archive.read(name)) for name in archive.namelist()}


@pytest.fixture
def delivery() -> dict[str, Any]:
    return unpacked(bundle(DUCKDB, read_assets(FIXTURES / "valid")))


def test_the_same_assets_give_the_same_bytes() -> None:
    assert bundle(DUCKDB) == bundle(DUCKDB)


def test_a_move_to_bigquery_changes_the_database_and_the_schema_alone() -> None:
    on_duckdb, on_bigquery = unpacked(bundle(DUCKDB)), unpacked(bundle(BIGQUERY))

    changed = {path for path, content in on_duckdb.items() if on_bigquery[path] != content}
    assert set(on_duckdb) == set(on_bigquery)
    assert changed == {path for path in on_duckdb if path.startswith(("databases/", "datasets/"))}
    [database] = (path for path in on_duckdb if path.startswith("databases/"))
    assert on_duckdb[database]["uuid"] == on_bigquery[database]["uuid"] == uuid_of("database", DATABASE)
    assert on_bigquery[database]["sqlalchemy_uri"] == "bigquery://our-project"
    datasets = [path for path in on_duckdb if path.startswith("datasets/")]
    assert {on_duckdb[path]["schema"] for path in datasets} == {"marts"}
    assert {on_bigquery[path]["schema"] for path in datasets} == {"hub_marts"}


def test_the_file_is_read_only_and_reaches_nothing_else(delivery: dict[str, Any]) -> None:
    database = delivery["databases/ci_intelligence_hub.yaml"]

    arguments = database["extra"]["engine_params"]["connect_args"]
    assert arguments["read_only"] is True
    assert arguments["config"]["enable_external_access"] == "false"
    assert {arguments["config"]["threads"], arguments["config"]["memory_limit"]} == {2, "1GB"}
    allowed = [key for key, value in database.items() if key.startswith(("allow_", "expose_")) and value]
    assert allowed == []


@pytest.mark.parametrize(
    "uri",
    ["duckdb:///relative.duckdb", "postgresql://host/db", "bigquery://project", "hub.duckdb", ""],
)
def test_a_database_that_the_dashboards_cannot_be_on_is_wrong_usage(uri: str, tmp_path: Path) -> None:
    out = tmp_path / "bundle.zip"

    result = CliRunner().invoke(cli, ["dashboards", "bundle", "--database", uri, "--out", str(out)])

    assert result.exit_code == 2
    assert "four slashes" in result.output
    assert not out.exists()


def test_the_command_writes_what_the_function_returns(tmp_path: Path) -> None:
    out = tmp_path / "bundle.zip"

    result = CliRunner().invoke(cli, ["dashboards", "bundle", "--database", DUCKDB, "--out", str(out)])

    assert result.exit_code == 0, result.output
    assert out.read_bytes() == bundle(DUCKDB)


def test_a_query_asks_for_what_the_chart_shows(delivery: dict[str, Any]) -> None:
    context = json.loads(delivery["charts/delivery__failing_by_week.yaml"]["query_context"])

    [query] = context["queries"]
    assert [query["columns"][0]["sqlExpression"], query["columns"][1]] == ["week_start_date", "repository"]
    assert query["columns"][0]["timeGrain"] == "P1W"
    assert query["metrics"] == ["failing"]
    assert query["filters"] == [
        {"col": "week_start_date", "op": "TEMPORAL_RANGE", "val": "No filter"},
        {"col": "is_complete", "op": "IS TRUE"},
    ]


def test_the_period_leaves_alone_what_has_no_range_of_time(delivery: dict[str, Any]) -> None:
    dashboard = delivery["dashboards/delivery.yaml"]
    placed = {
        tile["meta"]["uuid"]: tile["meta"]["chartId"]
        for tile in dashboard["position"].values()
        if isinstance(tile, dict) and tile["type"] == "CHART"
    }

    period, repository = dashboard["metadata"]["native_filter_configuration"]

    assert period["scope"]["excluded"] == [placed[delivery["charts/delivery__weeks.yaml"]["uuid"]]]
    assert period["defaultDataMask"]["extraFormData"] == {"time_range": "Last quarter"}
    assert repository["scope"]["excluded"] == []
    assert repository["targets"][0]["datasetUuid"] == uuid_of("dataset", "dora")


def test_exposures_name_the_marts_that_a_dashboard_reads() -> None:
    [exposure] = yaml.safe_load(exposures(read_assets(FIXTURES / "valid")))["exposures"]

    assert (exposure["name"], exposure["depends_on"]) == ("delivery", ["ref('dora')"])


def test_the_exposures_that_are_shipped_are_current() -> None:
    out = Path(__file__).parents[2] / "models" / "exposures.yml"

    result = CliRunner().invoke(cli, ["dashboards", "exposures", "--check", "--out", str(out)])

    assert result.exit_code == 0, result.output


def test_exposures_that_are_not_current_are_said_to_be(tmp_path: Path) -> None:
    out = tmp_path / "exposures.yml"
    out.write_text("exposures: []\n")

    checked = CliRunner().invoke(cli, ["dashboards", "exposures", "--check", "--out", str(out)])
    kept = out.read_text()
    written = CliRunner().invoke(cli, ["dashboards", "exposures", "--out", str(out)])
    again = CliRunner().invoke(cli, ["dashboards", "exposures", "--check", "--out", str(out)])

    assert (checked.exit_code, written.exit_code, again.exit_code) == (1, 0, 0)
    assert kept == "exposures: []\n"
    assert "run `ci-intel dashboards exposures`" in checked.output
