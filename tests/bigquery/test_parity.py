"""The same evidence in DuckDB and in BigQuery: every mart has the same rows, and a difference would be seen."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import evidence
import pytest
from differences import Differences, Rows, differences, report
from engines import PROJECT_FOLDER, BigQuery, DuckDB, Engine

pytestmark = pytest.mark.bigquery

UNTIL = datetime(2026, 3, 2, tzinfo=UTC)
MOMENTS = [datetime(2026, 3, day, 6, tzinfo=UTC) for day in (2, 3, 4)]
"""When the first evidence is loaded, when the later, and when some of it is read again."""
AS_OF = datetime(2026, 3, 4, 12, tzinfo=UTC)
CONTEXT = ("--provider", "github", "--repository", "acme/shop", "--commit", "a" * 40)

# Read before any test starts, from where the tests hide them.
LIVE = {name: value for name, value in os.environ.items() if name.startswith("CI_INTEL_BQ_")}
IS_LIVE = os.environ.get("HUB_BIGQUERY") == "live"

FLOATING: Mapping[str, frozenset[str]] = {
    # Costs, energy and carbon are sums of doubles, and a sum's last digits depend on the order in which it is made.
    "cost_and_carbon": frozenset(
        {
            "cost_usd", "modelled_cost_usd", "modelled_cost_share", "cost_per_run_usd", "cost_per_successful_run_usd",
            "waste_usd", "energy_kwh", "carbon_g_co2e", "modelled_carbon_g_co2e", "modelled_carbon_share",
            "carbon_per_run_g_co2e", "waste_g_co2e", "cache_saved_ms",
        }
    ),
    "flake_tax": frozenset({"flaky_rerun_usd", "flaky_rerun_g_co2e"}),
    # Errors are doubles, and are summed.
    "job_duration_forecast": frozenset(
        {"forecast_error_sum", "forecast_error_ratio", "naive_error_sum", "naive_error_ratio"}
    ),
    "job_duration_forecast_by_day": frozenset(
        {"forecast_error_sum", "forecast_error_ratio", "naive_error_sum", "naive_error_ratio"}
    ),
    # Means and deviations.
    "control_limits": frozenset({"baseline_mean", "baseline_deviation", "ewma", "lower_limit", "upper_limit"}),
    # Spans of time as days, which are summed.
    "exploitable_exposure": frozenset(
        {
            "live_days", "scanned_live_days", "scanned_live_ratio", "exploitable_exposure_days", "kev_exposure_days",
            "possibly_exploitable_exposure_days",
        }
    ),
    # What the scorecard and its reader take from those.
    "executive_scorecard": frozenset(
        {"metric_value", "numerator", "denominator", "metric_value_four_weeks_ago", "change_over_four_weeks"}
    ),
    "attention": frozenset({"size_value", "times_allowed"}),
    "scorecard_standing": frozenset({"metric_value"}),
    "scorecard_evidence": frozenset({"numerator", "denominator", "measured_value"}),
    "repository_metrics": frozenset(
        {"metric_value", "numerator", "denominator", "metric_value_four_weeks_ago", "distance"}
    ),
    "repository_metrics_by_week": frozenset({"metric_value", "numerator", "denominator"}),
    "control_chart": frozenset({"ewma", "baseline_mean", "lower_limit", "upper_limit"}),
}  # fmt: skip
"""Columns in which the engines may differ in the last digits, by mart, and why. All others are equal."""

OF_THE_ENGINE = frozenset({"_seen_change", "_words_fingerprint", "_catalogue_fingerprint"})
"""What an engine notes for its own next build: changes that it has seen, and digests. Nobody else reads them."""


@dataclass(frozen=True)
class Pair:
    """Both engines, given the same."""

    duckdb: DuckDB
    bigquery: BigQuery

    @property
    def engines(self) -> tuple[Engine, Engine]:
        return self.duckdb, self.bigquery

    def both(self, do: Callable[[Engine], object]) -> None:
        """Do the same with both, at the same time."""
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(do, self.engines))

    def marts(self) -> list[str]:
        """Return the names of all marts, as dbt knows them."""
        nodes = self.bigquery.manifest()["nodes"].values()
        return sorted(node["name"] for node in nodes if node["resource_type"] == "model" and node["fqn"][1] == "marts")

    def different(self) -> Mapping[str, Differences]:
        """Compare every mart."""
        return {
            name: differences(
                self.duckdb.rows("marts", name).without(OF_THE_ENGINE),
                self.bigquery.rows("marts", name).without(OF_THE_ENGINE),
                floating=FLOATING.get(name, frozenset()),
            )
            for name in self.marts()
        }


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> evidence.Evidence:
    return evidence.make(tmp_path_factory.mktemp("evidence"), UNTIL.date())


@pytest.fixture(scope="module")
def bigquery_environment(request: pytest.FixtureRequest) -> Iterator[Mapping[str, str]]:
    """The variables that lead to a warehouse of its own: on the emulator, or on BigQuery (`make bigquery-live`)."""
    if not IS_LIVE:
        address = request.getfixturevalue("bigquery_address")
        own = {"CI_INTEL_BQ_ENDPOINT": address, "CI_INTEL_BQ_PROJECT": "local", "CI_INTEL_BQ_THREADS": "4"}
        yield {**own, "CI_INTEL_BQ_DATASET": "parity"}
        return
    yield {**LIVE, "CI_INTEL_BQ_DATASET": f"{LIVE['CI_INTEL_BQ_DATASET']}_{uuid.uuid4().hex[:8]}"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, bigquery_environment: Mapping[str, str]) -> Iterator[Pair]:
    """Both engines, with nothing in them; what was made on BigQuery goes at the end."""
    folders = [tmp_path_factory.mktemp(name) for name in ("duckdb", "bigquery")]
    made = Pair(DuckDB.in_folder(folders[0]), BigQuery.in_folder(folders[1], bigquery_environment))
    try:
        yield made
    finally:
        made.bigquery.drop()


@pytest.fixture(scope="module")
def cold(pair: Pair, given: evidence.Evidence) -> Pair:
    """
    Both engines after the first evidence and the first build; on BigQuery with all tests of the data.

    The models' own unit tests are computed by GoogleSQL itself (`make googlesql`), which the emulator
    would have DuckDB do; so they run here on BigQuery only (`make bigquery-live`).
    """
    pair.duckdb.run_at(MOMENTS[0], "load", given.first, *CONTEXT)
    pair.bigquery.run_at(MOMENTS[0], "load", given.first, *CONTEXT, "--create-dataset")
    tests = () if IS_LIVE else ("--exclude-resource-type", "unit_test")
    pair.both(
        lambda engine: engine.build(*tests, as_of=AS_OF) if engine is pair.bigquery else _build_without_tests(engine)
    )
    return pair


@pytest.fixture(scope="module")
def after_corrections(cold: Pair, given: evidence.Evidence) -> Pair:
    """Both engines after one more load, with corrections, that an incremental build has merged."""
    before = cold.bigquery.rows("marts", "deployments")
    for engine in cold.engines:
        engine.run_at(MOMENTS[1], "load", given.later, *CONTEXT)
    cold.both(_build_again)
    merged = differences(before, cold.bigquery.rows("marts", "deployments"))
    assert merged.only_left, "no deployment was corrected"
    assert len(merged.only_right) > len(merged.only_left), "no deployment is new"
    return cold


@pytest.fixture(scope="module")
def after_reload(after_corrections: Pair) -> Pair:
    """Both engines after some of the evidence was read again."""
    for engine in after_corrections.engines:
        engine.run_at(MOMENTS[2], "reload", "--format", "junit_xml")
        loads = engine.rows("raw", "loads")
        assert {row[loads.columns.index("generation")] for row in loads.rows} == {1, 2}
    after_corrections.both(_build_again)
    return after_corrections


def _build_without_tests(engine: Engine, *selected: str) -> None:
    engine.build("--exclude-resource-type", "unit_test", "test", *selected, as_of=AS_OF)


def _build_again(engine: Engine) -> None:
    """Build what holds rows; views and seeds are as they were."""
    _build_without_tests(engine, "--select", "config.materialized:incremental", "config.materialized:table")


def test_the_real_reports_were_there() -> None:
    assert evidence.CORPUS.is_dir(), f"{evidence.CORPUS} is missing: put the shared corpus there, or set HUB_CORPUS"


def test_every_mart_is_the_same_after_a_cold_build_and_none_is_empty(cold: Pair) -> None:
    found = cold.different()

    assert len(found) == len(list((PROJECT_FOLDER / "models" / "marts").rglob("*.sql"))) > 0
    assert report(found) == ""
    assert [name for name in found if not cold.duckdb.rows("marts", name).rows] == []


def test_every_mart_is_the_same_after_corrections_and_a_new_day(after_corrections: Pair) -> None:
    assert report(after_corrections.different()) == ""


def test_every_mart_is_the_same_after_a_reload(after_reload: Pair) -> None:
    assert report(after_reload.different()) == ""


def test_a_changed_row_a_lost_row_and_a_doubled_row_would_be_seen(cold: Pair) -> None:
    name = "deployments"
    right = cold.bigquery.rows("marts", name)
    changed = [*right.rows]
    place = right.columns.index("status")
    changed[3] = (*changed[3][:place], "another", *changed[3][place + 1 :])

    assert differences(Rows(right.columns, changed), right).count == 1
    assert "status: 'another'" in str(differences(Rows(right.columns, changed), right))
    assert differences(Rows(right.columns, right.rows[1:]), right).count == 1
    assert differences(Rows(right.columns, [*right.rows, right.rows[0]]), right).count == 1


def test_a_row_that_changes_in_the_warehouse_is_reported(cold: Pair) -> None:
    before = cold.bigquery.rows("marts", "flaky_tests")
    table = cold.bigquery.table("marts", "flaky_tests")

    cold.bigquery.execute(f"update {table} set repository = concat(repository, '!') where true")
    found = differences(before, cold.bigquery.rows("marts", "flaky_tests"))
    cold.bigquery.execute(f"update {table} set repository = replace(repository, '!', '') where true")

    assert found.count == len(before.rows) > 0
    assert differences(before, cold.bigquery.rows("marts", "flaky_tests")).count == 0


@pytest.mark.parametrize(
    "expression", ["list_value(1, 2)", "quantile_cont(1.5, 0.5)"], ids=["list_value", "quantile_cont"]
)
def test_a_model_that_only_duckdb_understands_is_refused(cold: Pair, tmp_path: Path, expression: str) -> None:
    project = tmp_path / "project"
    for name in ("macros", "models", "seeds", "config", "tests/dbt"):
        shutil.copytree(PROJECT_FOLDER / name, project / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT_FOLDER / name, project / name)
    (project / "models/intermediate/int_only_duckdb.sql").write_text(f"select {expression} as answer\n")

    ends = [engine.dbt("build", "--select", "int_only_duckdb", project=project) for engine in cold.engines]

    assert ends[0].returncode == 0, ends[0].stdout
    assert ends[1].returncode == 1
    assert f"Function not found: {expression.partition('(')[0]}" in ends[1].stdout
