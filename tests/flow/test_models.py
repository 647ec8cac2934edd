"""The models without evidence: an empty warehouse, and their own unit tests (`unit_tests` in models/**/*.yml)."""

from __future__ import annotations

from collections import defaultdict

import pytest
from dbt_project import MARTS, PROJECT, manifest, run_dbt_on
from hub import Hub


@pytest.fixture(scope="module")
def built(shared_hub: Hub) -> Hub:
    """A hub that was built before anything was loaded."""
    run_dbt_on(shared_hub, "build", "--exclude-resource-type", "unit_test", "test")
    return shared_hub


def test_an_empty_warehouse_builds_every_mart(built: Hub) -> None:
    assert built.tables("marts") == MARTS
    assert built.value("select count(*) from raw.loads") == 0
    assert built.value("select count(*) from marts.pipeline_runs") == 0
    assert built.rows("select distinct status from marts.executive_scorecard") == [("grey",)]


def test_every_unit_test_of_the_models_passes(built: Hub) -> None:
    # Unit tests take the types of their inputs from relations that exist.
    result = run_dbt_on(built, "test", "--select", "test_type:unit")

    written = sum(path.read_text().count("\n    model: ") for path in (PROJECT / "models").rglob("*.yml"))
    run = [each for each in result.result.results if each.node.resource_type == "unit_test"]
    assert len(run) == written > 100


def test_every_column_of_every_model_is_described_and_no_other(built: Hub) -> None:
    columns: dict[str, set[str]] = defaultdict(set)
    for schema, table, column in built.rows(
        "select table_schema, table_name, column_name from information_schema.columns"
    ):
        columns[f"{schema}.{table}"].add(column)

    models = [node for node in manifest().nodes.values() if node.resource_type == "model"]
    assert len(models) > 120
    assert {each.name: set(each.columns) ^ columns[f"{each.schema}.{each.name}"] for each in models} == {
        each.name: set() for each in models
    }
