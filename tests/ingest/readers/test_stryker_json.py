"""Stryker's report: every mutant with what became of it, or nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from native import FIXTURES, corpus, event, events, items

from ci_intel.errors import Refused
from ingest.readers import Malformed

VALID = FIXTURES / "stryker_json" / "valid"
INVALID = FIXTURES / "stryker_json" / "invalid"
RECORDED = "mutation/stryker_json/stryker-mutator__mutation-testing-elements"


def test_paths_are_relative_to_the_project_and_have_forward_slashes() -> None:
    run = event("stryker_json", VALID / "windows_paths.json")

    assert {mutant["file"] for mutant in run["mutants"]} == {"Prices/Tax.cs"}
    assert run["target"] == "Shop"


def test_the_output_of_tests_is_left_out_but_not_the_reason_to_ignore_a_mutant() -> None:
    killed, ignored, uncovered = event("stryker_json", VALID / "windows_paths.json")["mutants"]

    assert killed["killed_by"] == ["t7", "t2"]
    assert "status_reason" not in killed
    assert ignored["status_reason"] == "block already covered"
    assert "line" not in uncovered


def test_the_threshold_is_the_one_that_breaks_the_build() -> None:
    assert event("stryker_json", VALID / "windows_paths.json")["threshold"] == 0.725
    assert "threshold" not in event("stryker_json", VALID / "no_break_no_root.json")


def test_a_report_that_does_not_say_who_wrote_it_or_of_what_names_the_repository() -> None:
    run = event("stryker_json", VALID / "no_break_no_root.json")

    assert (run["tool"], run["target"]) == ("unknown", "shop")


def test_a_status_that_nobody_knows_makes_the_report_malformed_where_it_stands() -> None:
    (broken,) = items("stryker_json", INVALID / "status_the_schema_does_not_know.json")

    assert isinstance(broken, Malformed)
    assert (broken.code, broken.pointer) == ("unknown_status", "/files/src~1tax.ts/mutants/0/status")


def test_a_file_without_its_mutants_makes_the_report_malformed() -> None:
    (broken,) = items("stryker_json", INVALID / "file_without_mutants.json")

    assert isinstance(broken, Malformed)
    assert broken.pointer == "/files/src~1tax.ts/mutants"


@pytest.mark.parametrize(
    ("name", "code"),
    [("no_mutant", "empty_report"), ("version_3", "unsupported_version"), ("cut_short", "not_json")],
)
def test_a_report_that_says_nothing_is_refused(name: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        events("stryker_json", INVALID / f"{name}.json")

    assert refusal.value.code == code


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "score", "score_covered"),
    [
        ("cucumber-example__mutation.json.gz", 42.76, 57.52),
        ("test-files-example__mutation-report.json.gz", 93.17, 95.54),
        ("tests-example__mutation-report.json.gz", 93.17, 95.54),
    ],
)
def test_scores_are_those_that_the_tool_shows(name: str, score: float, score_covered: float) -> None:
    run = event("stryker_json", corpus(f"{RECORDED}/{name}"))

    assert _percent(run, "survived", "no_coverage") == score
    assert _percent(run, "survived") == score_covered


def _percent(run: dict[str, Any], *missed: str) -> float:
    counts = Counter(mutant["status"] for mutant in run["mutants"])
    detected = counts["killed"] + counts["timeout"]
    return round(100 * detected / (detected + sum(counts[status] for status in missed)), 2)


@pytest.mark.corpus
def test_each_conformance_case_of_the_schema_is_loaded_or_refused_for_a_reason() -> None:
    # A case that breaks a part we do not take (thresholds beyond 100, a missing replacement) loads;
    # the cases about other parts mutate nothing at all.
    answers = {}
    for path in sorted([*corpus(RECORDED).glob("testResources__*"), *corpus(RECORDED).glob("thresholds__*")]):
        try:
            answers[path.stem] = str(len(event("stryker_json", path)["mutants"]))
        except Refused as refusal:
            answers[path.stem] = refusal.code

    assert Counter(answers.values()) == {"empty_report": 11, "2": 5, "1": 2, "unsupported_version": 1}
    assert answers["testResources__missing-version-report"] == "unsupported_version"


@pytest.mark.corpus
def test_the_hand_edited_report_is_malformed() -> None:
    (broken,) = items("stryker_json", corpus(f"{RECORDED}/csharp-example__mutation-report.json"))

    assert isinstance(broken, Malformed)
    assert "BuildError" in broken.message
