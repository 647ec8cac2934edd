"""Test, coverage and mutation reports as rows: nothing lost between the event and its tables."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ci_intel import contracts
from ingest.tables import Batch, content_id, tabulate
from ingest.topics import topic

FIXTURES = Path(__file__).parents[2] / "schema" / "fixtures"


def _event(name: str, fixture: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((FIXTURES / name / "v1.0" / "valid" / f"{fixture}.json").read_text())
    return event


def _rows(name: str, event: dict[str, Any]) -> list[list[dict[str, Any]]]:
    batch = Batch([event], [1], [event["schema"]], "load", 1, datetime(2026, 3, 2), [content_id(event)])
    return [tabulate(table, batch).to_pylist() for table in topic(name).tables]


def test_every_case_is_a_row_below_its_suite() -> None:
    (suite,), cases = _rows("test_report", _event("test_report", "every_field"))

    assert suite["repository"] == "acme/shop"
    assert suite["started_at"] == datetime(2026, 3, 2, 10, 4, 11, 250000)
    assert [case["outcome"] for case in cases] == ["passed", "passed", "failed", "error", "skipped"]
    assert [case["attempt_count"] for case in cases] == [None, 2, None, None, None]
    assert {case["test_suite_id"] for case in cases} == {suite["test_suite_id"]}


def test_every_file_is_a_row_below_its_report() -> None:
    (report,), files = _rows("coverage_report", _event("coverage_report", "every_field"))

    assert report["reported_line_count"] == sum(file["line_count"] for file in files) == 120
    assert report["reported_covered_branch_count"] == sum(file["covered_branch_count"] for file in files) == 25


def test_every_mutant_is_a_row_below_its_run() -> None:
    (run,), mutants = _rows("mutation_run", _event("mutation_run", "every_status"))

    assert run["threshold_ratio"] == 0.8
    assert [mutant["is_equivalent"] for mutant in mutants[:3]] == [None, None, True]
    assert mutants[0]["killed_by"] == "TaxTest::adds_tax"


@pytest.mark.parametrize(
    ("name", "column"),
    [("test_report", "started_at"), ("coverage_report", "generated_at"), ("mutation_run", "generated_at")],
)
def test_the_time_of_the_file_stands_in_for_a_missing_one_only(name: str, column: str) -> None:
    untimed = {"schema": f"{name}.v1.0"}

    assert topic(name).observed(untimed, "2026-03-02T10:00:00Z")[column] == "2026-03-02T10:00:00Z"
    assert topic(name).observed({**untimed, column: "earlier"}, "2026-03-02T10:00:00Z")[column] == "earlier"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=f"{path.parents[2].name} {path.stem}")
        for name in ("test_report", "coverage_report", "mutation_run")
        for path in sorted((FIXTURES / name).glob("v1.0/*/*.json"))
    ],
)
def test_a_fixture_is_what_its_folder_says(path: Path) -> None:
    event = json.loads(path.read_text())
    found = list(contracts.violations(event["schema"], event))
    if not found:
        found = list(topic(event["schema"].partition(".")[0]).contradictions(event))

    assert (not found) == (path.parent.name == "valid"), found
