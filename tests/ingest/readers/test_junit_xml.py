"""JUnit XML: what its dialects say, and what they do not."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from native import FIXTURES, corpus, event, events, recognises

from ci_intel.errors import Refused
from ingest.readers import junit_xml

VALID = FIXTURES / "junit_xml" / "valid"
INVALID = FIXTURES / "junit_xml" / "invalid"
RECORDED = "test_reports/junit_xml/EnricoMi__publish-unit-test-result-action"


def test_a_test_that_passed_after_failing_is_a_passed_test_of_several_attempts() -> None:
    passed = event("junit_xml", VALID / "surefire_reruns.xml")["cases"][1]

    assert (passed["outcome"], passed["attempts"]) == ("passed", 3)
    assert passed["failure_type"] == "AssertionError"


def test_a_test_that_never_passed_counts_its_reruns_as_attempts() -> None:
    failed = event("junit_xml", VALID / "surefire_reruns.xml")["cases"][2]

    assert (failed["outcome"], failed["attempts"]) == ("failed", 3)


def test_a_test_that_ran_once_claims_no_number_of_attempts() -> None:
    assert "attempts" not in event("junit_xml", VALID / "surefire_reruns.xml")["cases"][0]


def test_a_wrong_total_is_kept_as_reported_beside_the_cases() -> None:
    suite = event("junit_xml", VALID / "surefire_reruns.xml")

    assert suite["reported_test_count"] == 9
    assert len(suite["cases"]) == 3


def test_cases_outside_of_any_suite_are_a_suite_without_a_name() -> None:
    inner, outer = events("junit_xml", VALID / "node_cases_without_suite.xml")

    assert (inner["suite"], [case["name"] for case in inner["cases"]]) == ("prices", ["rounds"])
    assert "suite" not in outer
    assert [case["name"] for case in outer["cases"]] == ["adds"]


def test_two_suites_that_look_alike_stay_two() -> None:
    first, second = events("junit_xml", VALID / "equal_suites.xml")

    assert first != second
    assert first | {"suite_ordinal": 0} == second | {"suite_ordinal": 0}


def test_a_fingerprint_ignores_paths_numbers_and_addresses_but_not_words() -> None:
    prints = [
        case.get("failure_fingerprint") for case in event("junit_xml", VALID / "one_failure_in_two_places.xml")["cases"]
    ]

    assert prints[0] == prints[1]
    assert len({prints[0], prints[2], prints[3]}) == 3
    assert prints[3] == junit_xml.fingerprint(None, "only text, of which the first line counts")
    assert prints[4] is None


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        pytest.param("0.0004", 0, id="less than half a millisecond is none"),
        pytest.param("1,234.567", 1234567, id="commas before a point group thousands"),
        pytest.param("0,5", 500, id="a comma may be a decimal one"),
        pytest.param("12,25", 12250, id="two digits behind a comma are no thousands"),
        pytest.param("1,234", None, id="a comma that may be either says nothing"),
        pytest.param("1E-3", 1, id="an exponent is a number"),
        pytest.param("-0.5", None, id="no test takes less than no time"),
        pytest.param("NaN", None, id="not a number"),
        pytest.param("", None, id="nothing"),
        pytest.param(None, None, id="no attribute"),
    ],
)
def test_seconds(written: str | None, milliseconds: int | None) -> None:
    assert junit_xml._milliseconds(written) == milliseconds


@pytest.mark.parametrize(
    ("written", "said"),
    [
        pytest.param(
            "2026-03-02T10:04:11+01:00",
            {"started_at": "2026-03-02T10:04:11+01:00"},
            id="an offset makes a moment",
        ),
        pytest.param(
            "2026-03-02T10:04:11",
            {"started_at_original": "2026-03-02T10:04:11"},
            id="local or UTC, nobody knows",
        ),
        pytest.param(
            "Sat, 03 Dec 2022 23:10:07 GMT",
            {"started_at": "2022-12-03T23:10:07+00:00"},
            id="as in an HTTP header",
        ),
        pytest.param("yesterday", {"started_at_original": "yesterday"}, id="no time at all"),
        pytest.param(None, {}, id="nothing"),
    ],
)
def test_a_start_without_an_offset_is_no_moment(written: str | None, said: dict[str, str]) -> None:
    assert junit_xml._start(written) == said


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("external_entity", "xml_entities"),
        ("cut_short", "not_xml"),
        ("control_character", "not_xml"),
        ("no_suite", "empty_report"),
    ],
)
def test_a_report_that_cannot_be_trusted_is_refused_whole(name: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        events("junit_xml", INVALID / f"{name}.xml")

    assert refusal.value.code == code


def test_suites_without_end_inside_suites_are_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xml"
    bomb.write_text('<testsuite name="a">' * 50_000)

    with pytest.raises(Refused) as refusal:
        events("junit_xml", bomb)

    assert refusal.value.code == "too_deep"


@pytest.mark.corpus
@pytest.mark.parametrize("family", ["test_reports/nunit_xml", "coverage", "sbom", "mutation"])
def test_other_xml_is_left_to_others(family: str) -> None:
    assert not [path for path in corpus(family).rglob("*.xml*") if recognises("junit_xml", path)]


@pytest.mark.corpus
def test_counts_are_those_of_another_reader() -> None:
    oracles = sorted(corpus(RECORDED).glob("junit-xml__*.results.json"))
    compared = [_compare(path) for path in oracles]

    # One of them is about a file that is no JUnit report.
    assert sorted(set(compared)) == ["compared", "not recognised"]
    assert compared.count("compared") == len(oracles) - 1 == 27


def _compare(oracle: Path) -> str:
    """Compare a report with what EnricoMi/publish-unit-test-result-action counted in it."""
    report = oracle.with_name(oracle.name.replace(".results.json", ".xml"))
    if not recognises("junit_xml", report):
        return "not recognised"
    counted = json.loads(oracle.read_text())["stats"]
    suites = events("junit_xml", report)
    outcomes = Counter(case["outcome"] for suite in suites for case in suite["cases"])
    # It counts a case that is skipped and failed on both sides, and passed tests below zero; and
    # leaves disabled tests in the passed runs, but not in the passed tests. Its tests are our cases
    # except that it folds those of one name.
    kind = "runs" if counted["tests"] != counted["runs"] else "tests"
    if not any(suite["cases"] for suite in suites):
        outcomes = Counter(
            failed=suites[0]["reported_failed_test_count"],
            error=suites[0]["reported_error_test_count"],
            skipped=suites[0]["reported_skipped_test_count"],
        )
        outcomes["passed"] = suites[0]["reported_test_count"] - outcomes.total()
    expected = {
        "passed": counted[f"{kind}_succ"],
        "skipped": counted[f"{kind}_skip"],
        "failed": counted[f"{kind}_fail"],
        "error": counted[f"{kind}_error"],
    }
    assert {outcome: outcomes[outcome] for outcome in expected} == expected, report.name
    assert len(suites) == counted["suites"], report.name
    return "compared"


@pytest.mark.corpus
def test_the_recorded_run_has_all_of_its_tests() -> None:
    suite = event("junit_xml", corpus("test_reports/junit_xml/self-recorded/junit.xml"))

    assert len(suite["cases"]) == suite["reported_test_count"] == 295
    assert suite["started_at"] == "2026-11-23T15:42:47.559032+00:00"
