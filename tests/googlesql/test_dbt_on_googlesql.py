"""Every statement that dbt sends to BigQuery, read by GoogleSQL's own analyzer, in the order of a build."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from small_bigquery import HERE, PROJECT_FOLDER, SmallBigQuery, faults

from dashboards.report.facts import AS_OF, CELLS, LAST_WEEK, MATTERS, Facts, Origin
from dashboards.report.page import parameters
from dashboards.report.pictures import DOMAINS
from ingest.warehouse.googlesql import located

pytestmark = pytest.mark.googlesql

MODELS = PROJECT_FOLDER / "models"
# Functions that the statements use; each is in BigQuery's function reference. ZetaSQL has others that BigQuery lacks.
FUNCTIONS = set((Path(__file__).parent / "bigquery_functions.txt").read_text().split())


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("target")


@pytest.fixture(scope="module")
def built(prepared: SmallBigQuery, target: Path) -> SmallBigQuery:
    """Built once from nothing: seeds, models with their contracts, and the tests of the data."""
    results = prepared.dbt("build", "--exclude-resource-type", "unit_test", target=target)
    assert faults(results) == []
    assert sum(each["unique_id"].startswith("model.") for each in results) == len(list(MODELS.rglob("*.sql")))
    return prepared


def test_every_model_seed_and_data_test_is_googlesql(built: SmallBigQuery) -> None:
    kinds = [each["kind"] for each in built.asked("statements")]

    assert kinds.count("CREATE_VIEW") > 80
    assert kinds.count("CREATE_TABLE_AS_SELECT") > 40


def test_every_unit_test_has_on_googlesql_the_rows_that_it_has_on_duckdb(built: SmallBigQuery, target: Path) -> None:
    results = built.dbt("test", "--select", "test_type:unit", target=target)

    written = sum(path.read_text().count("\n    model: ") for path in MODELS.rglob("*.yml"))
    assert faults(results) == []
    assert sum(each["unique_id"].startswith("unit_test.") for each in results) == written


def test_every_query_of_the_report_is_googlesql(built: SmallBigQuery) -> None:
    origin = Origin(True, [], [])
    report = Facts(date(2026, 11, 16), True, None, None, [origin])
    weeks = {"since": report.since.isoformat(), "week": report.week.isoformat()}

    for sql in (LAST_WEEK, AS_OF, MATTERS):
        built.run(located(HERE, sql))
    built.run(located(HERE, CELLS), weeks)
    for picture in [picture for domain in DOMAINS for picture in domain.pictures]:
        built.run(located(HERE, picture.sql), parameters(picture.sql, report, origin))


def test_incremental_models_are_googlesql_when_they_merge_and_when_a_reload_empties_them(
    built: SmallBigQuery, target: Path
) -> None:
    incremental = ("run", "--select", "config.materialized:incremental")
    models = [path for path in MODELS.rglob("*.sql") if "materialized='incremental'" in path.read_text()]
    # Marts replace days instead, or all of them, in one statement.
    emptied = [path for path in models if "current_versions(" in path.read_text() or "says_loads(" in path.read_text()]

    assert faults(built.dbt(*incremental, target=target)) == []
    statements = [each["kind"] for each in built.asked("statements")]
    assert statements.count("MERGE") == len(models)
    assert statements.count("DELETE") == 0

    built.run(
        "insert into `local.hub_raw.loads` (load_id, generation, loaded_at, committed_at) "
        "values ('l', 2, timestamp '2026-01-01 00:00:00', timestamp '2026-01-01 00:00:00')"
    )
    # Of runs: what days have changed is found anew only then.
    built.run(
        "insert into `local.hub_raw.load_topics` (load_id, generation, topic, loaded_at) "
        "values ('l', 1, 'pipeline_run', timestamp '2026-01-01 00:00:00')"
    )
    assert faults(built.dbt(*incremental, target=target)) == []
    statements = [each["kind"] for each in built.asked("statements")]
    assert statements.count("MERGE") == 2 * len(models)
    assert statements.count("DELETE") == len(emptied) > 0


def test_only_functions_that_bigquery_documents_are_used(built: SmallBigQuery) -> None:
    # Operators are spelled `$equal`: which of them there are is a matter of features.
    used = {name for name in built.asked("functions") if not name.startswith("$")}

    assert len(used) > 30
    assert sorted(used - FUNCTIONS) == []
