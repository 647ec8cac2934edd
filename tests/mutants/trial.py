"""Whether a model's unit tests notice a mutant of it."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

from dbt_project import invoke_dbt, manifest, run_dbt
from hub import Hub
from plan import Mutant

PROJECT_NAME = "ci_intelligence_hub"


class Outcome(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    # No statement: the engine refuses it whatever the rows are. It counts for nothing; the next one takes its place.
    INVALID = "invalid"
    # Listed by hand, with the reason, as computing the same.
    EQUIVALENT = "equivalent"


def prepare(folder: Path, *selection: str) -> Hub:
    """Make a warehouse with the relations, but without a row: unit tests take the types of their inputs from it."""
    hub = Hub(folder)
    hub.path.parent.mkdir(parents=True)
    assert hub.run("warehouse", "init").exit_code == 0
    os.environ.update(hub.environment)
    run_dbt("build", "--exclude-resource-type", "unit_test", "test", *selection)
    return hub


def unit_test_statuses(model: str, *flags: str) -> list[str]:
    """Run the unit tests of a model, and return how each came out. Other models' tests put rows in its place."""
    result = invoke_dbt("test", "--select", f"{model},test_type:unit", *flags)
    # Jinja that cannot be rendered ends dbt before any test; what ran before the tests is among the results.
    ran = [each for each in result.result.results if each.node.resource_type == "unit_test"] if result.result else []
    return [str(each.status) for each in ran] or ["error"]


def outcome_of(mutant: Mutant) -> Outcome:
    """Put the mutant in the place of its model, and run that model's unit tests."""
    node = manifest().nodes[f"model.{PROJECT_NAME}.{mutant.model}"]
    if not any(test.model == mutant.model for test in manifest().unit_tests.values()):
        return Outcome.SURVIVED
    original = node.raw_code
    node.raw_code = mutant.apply(original)
    try:
        statuses = unit_test_statuses(mutant.model, "--fail-fast")
        if "fail" not in statuses and set(statuses) != {"pass"}:
            # An error for some rows only is an answer; for all of them, it is no statement.
            statuses = unit_test_statuses(mutant.model)
    finally:
        node.raw_code = original
    if "fail" in statuses:
        return Outcome.KILLED
    if "error" in statuses:
        return Outcome.INVALID if set(statuses) == {"error"} else Outcome.KILLED
    return Outcome.SURVIVED
