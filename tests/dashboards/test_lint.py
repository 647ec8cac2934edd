"""`ci-intel dashboards lint`: what is wrong with dashboards is said before anybody opens them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from dbt_project import manifest as parsed_manifest

from ci_intel.cli import cli
from dashboards.expressions import read_expression

FIXTURES = Path(__file__).parent / "fixtures"

# What each fixture does wrong, by the folder that lies over the valid one: the file, and a part of the message.
WRONG = {
    "renamed_column": ("datasets/dora.yaml", "the mart has no column change_failure_share"),
    "other_type": ("datasets/dora.yaml", "change_failure_ratio is double in the mart, not int64"),
    "metric_that_averages": ("datasets/dora.yaml", "failing (avg(change_failure_ratio)) computes"),
    "metric_that_computes": ("datasets/dora.yaml", "the metric deployments (sum(case when"),
    "ratio_that_divides_by_zero": ("datasets/dora.yaml", "computes; it may be sum(column)"),
    "metric_of_a_missing_column": ("datasets/dora.yaml", "reads shipped_count, which the mart does not have"),
    "metric_that_is_no_sql": ("datasets/dora.yaml", "cannot be read"),
    "metric_named_as_a_column": ("datasets/dora.yaml", "the metric deployment_count has the name of a column"),
    "period_that_is_no_date": ("datasets/dora.yaml", "main_dttm_col repository is no date"),
    "column_twice": ("datasets/dora.yaml", "the column repository is there 2 times"),
    "dataset_that_is_no_mart": ("datasets/stg_deployments.yaml", "there is no mart stg_deployments"),
    "unplaced_chart": ("delivery/dashboard.yaml", "the chart weeks is placed 0 times"),
    "chart_placed_twice": ("delivery/dashboard.yaml", "the chart failing_by_week is placed 2 times"),
    "tile_of_no_chart": ("delivery/dashboard.yaml", "there is no charts/months.yaml"),
    "row_too_wide": ("delivery/dashboard.yaml", "row 2 is 13 wide"),
    "empty_tile": ("delivery/dashboard.yaml", "row 1 has a tile that is not either a chart or text"),
    "unknown_filter": ("delivery/dashboard.yaml", "there is no filter planet"),
    "no_question": ("delivery/dashboard.yaml", "the description is not the question"),
    "filter_of_no_dataset": ("filters.yaml", "lists the values of releases"),
    "filter_of_a_missing_column": ("filters.yaml", "the filter repository is of team"),
    "filter_sorted_by_no_metric": ("filters.yaml", "sorts by runs"),
    "chart_of_no_dataset": ("delivery/charts/failing_by_week.yaml", "there is no dataset releases"),
    "chart_of_a_missing_metric": ("delivery/charts/failing_by_week.yaml", "has no metric lead_time"),
    "metric_written_in_the_chart": ("delivery/charts/failing_by_week.yaml", "metrics is not the name of a metric"),
    "chart_of_a_missing_column": ("delivery/charts/failing_by_week.yaml", "has no column team"),
    "filtered_by_a_missing_column": ("delivery/charts/failing_by_week.yaml", "has no column is_over"),
    "filter_written_in_sql": ("delivery/charts/failing_by_week.yaml", "more than subject, operator and comparator"),
    "untried_kind_of_chart": ("delivery/charts/failing_by_week.yaml", "pie is none of"),
    "chart_without_an_axis": ("delivery/charts/failing_by_week.yaml", "lack something: KeyError('x_axis')"),
    "chart_that_does_not_say_what_is_good": ("delivery/charts/failing_by_week.yaml", "what good looks like"),
    "coloured_but_not_shown": ("delivery/charts/weeks.yaml", "deployments is formatted, and not shown"),
    "ordered_by_a_missing_column": ("delivery/charts/weeks.yaml", "ordered by started_date"),
}


def lint(assets: Path, *options: str, manifest: Path = FIXTURES / "manifest.json") -> Result:
    return CliRunner().invoke(
        cli, ["dashboards", "lint", "--assets", str(assets), "--manifest", str(manifest), *options]
    )


def overlaid(folder: str, tmp_path: Path) -> Path:
    """Return the valid dashboards with the files of `folder` over them."""
    assets = tmp_path / "assets"
    shutil.copytree(FIXTURES / "valid", assets)
    shutil.copytree(FIXTURES / folder, assets, dirs_exist_ok=True)
    return assets


def test_dashboards_that_name_what_the_marts_have_pass() -> None:
    result = lint(FIXTURES / "valid")

    assert (result.exit_code, result.output) == (0, "1 dashboards, 2 charts: nothing is wrong\n")


def test_there_is_a_fixture_for_each_way_of_being_wrong() -> None:
    assert {path.name for path in (FIXTURES / "invalid").iterdir()} == set(WRONG)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_refused_for_that_reason_alone(wrong: str, tmp_path: Path) -> None:
    path, message = WRONG[wrong]

    result = lint(overlaid(f"invalid/{wrong}", tmp_path), "--json")

    assert result.exit_code == 1
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["path"] for each in found if message in each["message"]] == [path]
    assert {each["path"] for each in found} == {path}


@pytest.mark.parametrize("broken", [path.name for path in sorted((FIXTURES / "broken").iterdir())])
def test_a_file_that_cannot_be_read_is_named(broken: str, tmp_path: Path) -> None:
    [wrong] = (path for path in (FIXTURES / "broken" / broken).rglob("*.yaml"))

    result = lint(overlaid(f"broken/{broken}", tmp_path))

    assert result.exit_code == 1
    assert f"{wrong.parent.name}/{wrong.name}" in result.output or wrong.name in result.output


def test_without_a_manifest_nothing_is_decided(tmp_path: Path) -> None:
    result = lint(FIXTURES / "valid", manifest=tmp_path / "manifest.json")

    assert result.exit_code == 3
    assert "run `dbt parse` first" in result.output


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b'{"nodes": {}}', b'{"nodes": {"a": {"resource_type": "model"}}}'],
    ids=["no JSON", "a list", "no mart", "nodes without a name"],
)  # fmt: skip
def test_what_is_no_manifest_is_no_answer(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(content)

    result = lint(FIXTURES / "valid", manifest=tmp_path / "manifest.json")

    assert result.exit_code == 3
    assert "dbt parse" in result.output


def test_the_dashboards_that_are_shipped_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_INTEL_WAREHOUSE", "duckdb:///hub.duckdb")
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(parsed_manifest().writable_manifest().to_dict(omit_none=False)))

    result = CliRunner().invoke(cli, ["dashboards", "lint", "--manifest", str(manifest)])

    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize(
    "expression",
    ["sum(a)", "SUM(a) / NULLIF(SUM(b), 0)", "max(a)", "min(a)", "count(*)"],
)
def test_sums_and_ratios_of_sums_are_taken(expression: str) -> None:
    assert read_expression(expression).fault is None


@pytest.mark.parametrize(
    "expression",
    [
        "a", "1", "avg(a)", "sum(a) * 2", "sum(a + b)", "sum(distinct a)", "count(a)", "count(distinct a)", "sum(1)",
        "sum(a) / sum(b)", "sum(a) / nullif(sum(b), 1)", "sum(a) / nullif(b, 0)", "max(a) / nullif(sum(b), 0)",
        "1 - sum(a) / nullif(sum(b), 0)", "sum(a) filter (where b)", "sum(a) over ()", "max(a, b)", "any_value(a)",
        "quantile_cont(a, 0.9)", "(select sum(a) from t)", "sum(a); drop table t", "coalesce(sum(a), 0)", "",
    ],
)  # fmt: skip
def test_whatever_else_is_a_computation(expression: str) -> None:
    assert read_expression(expression).fault is not None
