"""What `make lint` says of a model that lacks a description, its grain or the test of its key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from dbt_project import PROJECT
from dbt_project import manifest as parsed_manifest
from dbt_score.cli import lint

MODEL = "model.ci_intelligence_hub.{}"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as environment:
        # The tests that run dbt share what is parsed here, and the name of their warehouses is in it.
        environment.setenv("CI_INTEL_WAREHOUSE", "duckdb:///hub.duckdb")
        parsed = parsed_manifest()
    return json.loads(json.dumps(parsed.writable_manifest().to_dict(omit_none=False)))


def score(manifest: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, dict[str, str]]:
    """Return dbt-score's exit code, and what it says of each model that breaks a rule."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest))
    monkeypatch.chdir(PROJECT)
    result = CliRunner().invoke(lint, ["--manifest", str(path), "--format", "json"])
    items = json.loads(result.stdout[result.stdout.index("{") :])["evaluables"]
    broken = {
        f"{name.split('.')[-1]}: {rule.split('.')[-1]}": each["message"]
        for name, item in items.items()
        for rule, each in item["results"].items()
        if each["result"] != "OK"
    }
    return result.exit_code, broken


def keys(manifest: dict[str, Any], model: str) -> Iterator[str]:
    """Yield the tests of a model's key."""
    for name, node in manifest["nodes"].items():
        if node.get("attached_node") == MODEL.format(model) and node["test_metadata"]["name"] == "is_key":
            yield name


def test_every_model_has_what_the_rules_ask_for(
    manifest: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert score(manifest, tmp_path, monkeypatch) == (0, {})


def test_a_model_that_lacks_it_fails_for_its_own_reason(
    manifest: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = manifest["nodes"]
    nodes[MODEL.format("dora")]["description"] = ""
    nodes[MODEL.format("run_health")]["columns"]["success_ratio"]["description"] = ""
    nodes[MODEL.format("red_streaks")]["raw_code"] = "select 1 as one"
    nodes[MODEL.format("incidents")]["columns"] = {}
    for test in list(keys(manifest, "test_health")):
        del nodes[test]
    for test in keys(manifest, "flaky_tests"):
        nodes[test]["test_metadata"]["name"] = "is_unique_combination"

    exit_code, broken = score(manifest, tmp_path, monkeypatch)

    assert exit_code == 1
    assert broken == {
        "dora: has_description": "Model lacks a description.",
        "dora: description_opens_with_the_grain": "The description does not open with 'One row …'.",
        "run_health: columns_have_description": "Columns lack a description: success_ratio.",
        "red_streaks: first_line_says_the_grain": "The first line of the SQL is not '-- One row …'.",
        "incidents: has_columns": "No column is described.",
        "test_health: key_is_tested": "No column or combination of columns is tested to be unique.",
        "flaky_tests: key_is_tested": (
            "Columns of the key may be null: repository, suite, class_name, test_name, parameters."
        ),
    }
