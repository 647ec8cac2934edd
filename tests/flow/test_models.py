"""The models' own unit tests: each rule of a metric, on rows made up for it (`unit_tests` in models/**/*.yml)."""

from __future__ import annotations

import pytest
from dbt_project import PROJECT, run_dbt
from hub import Hub


def test_every_unit_test_of_the_models_passes(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_INTEL_WAREHOUSE", f"duckdb:///{hub.path}")
    # Unit tests take the types of their inputs from relations that exist: all of them, without a row.
    run_dbt("build", "--empty", "--exclude-resource-type", "unit_test", "test")

    result = run_dbt("test", "--select", "test_type:unit")

    written = sum(path.read_text().count("\n    model: ") for path in (PROJECT / "models").rglob("*.yml"))
    run = [each for each in result.result.results if each.node.resource_type == "unit_test"]
    assert len(run) == written > 100
