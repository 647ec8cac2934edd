"""Cobertura XML: lines are counted, whatever the totals say."""

from __future__ import annotations

from typing import Any

import pytest
from native import FIXTURES, corpus, event, events, recognises

from ci_intel.errors import Refused

VALID = FIXTURES / "cobertura_xml" / "valid"
INVALID = FIXTURES / "cobertura_xml" / "invalid"
RECORDED = "coverage/cobertura_xml/jenkinsci__coverage-model"


def test_a_line_counts_once_however_often_it_is_listed() -> None:
    cart = event("cobertura_xml", VALID / "no_totals_repeated_lines.xml")["files"][0]

    assert cart == {
        "path": "src/shop/Cart.cs",
        "lines_valid": 3,
        "lines_covered": 2,
        "branches_valid": 2,
        "branches_covered": 2,
    }


def test_classes_without_a_file_are_files_of_their_own() -> None:
    files = event("cobertura_xml", VALID / "no_totals_repeated_lines.xml")["files"]

    assert [(file.get("path"), file["lines_covered"]) for file in files] == [
        ("src/shop/Cart.cs", 2),
        (None, 1),
        (None, 0),
    ]


def test_missing_totals_are_not_invented() -> None:
    assert "lines_valid" not in event("cobertura_xml", VALID / "no_totals_repeated_lines.xml")


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("no_totals_repeated_lines", "2026-03-02T10:04:11.123000+00:00"),
        ("timestamp_in_seconds", "2026-03-02T10:04:11+00:00"),
        ("timestamp_zero", None),
    ],
)
def test_a_timestamp_is_in_milliseconds_or_in_seconds_or_nothing(name: str, moment: str | None) -> None:
    assert event("cobertura_xml", VALID / f"{name}.xml").get("generated_at") == moment


@pytest.mark.parametrize(("name", "code"), [("nothing_measured", "empty_report"), ("cut_short", "not_xml")])
def test_a_report_of_nothing_is_refused(name: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        events("cobertura_xml", INVALID / f"{name}.xml")

    assert refusal.value.code == code


@pytest.mark.corpus
@pytest.mark.parametrize("family", ["coverage/clover_opencover", "coverage/jacoco_xml", "test_reports", "mutation"])
def test_other_xml_is_left_to_others(family: str) -> None:
    assert not [path for path in corpus(family).rglob("*.xml*") if recognises("cobertura_xml", path)]


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("path", "lines", "branches"),
    [
        (f"{RECORDED}/c_-cobertura.xml", (289, 402), (87, 170)),
        (f"{RECORDED}/cobertura-absolute-path.xml", (12, 12), (6, 6)),
        (f"{RECORDED}/cobertura-counter-aggregation.xml", (97, 97), (31, 32)),
        (f"{RECORDED}/cobertura-js.xml", (4, 4), (0, 0)),
        (f"{RECORDED}/cobertura-ruby.xml", (16, 16), None),
        (f"{RECORDED}/cobertura-ts.xml", (63, 156), None),
        ("coverage/coverage_py/self-recorded/coverage.xml", (1176, 1787), (223, 594)),
    ],
)
def test_counted_lines_are_the_totals_of_a_tool_that_counts_well(
    path: str, lines: tuple[int, int], branches: tuple[int, int] | None
) -> None:
    report = event("cobertura_xml", corpus(path))

    assert (report["lines_covered"], report["lines_valid"]) == lines
    assert _sums(report, "lines") == lines
    if branches:
        assert _sums(report, "branches") == branches


@pytest.mark.corpus
def test_templated_lines_count_once() -> None:
    # The totals say 7 of 10: the tool counted some of the repeated lines.
    report = event("cobertura_xml", corpus(f"{RECORDED}/cobertura-duplicate-lines.xml"))

    assert _sums(report, "lines") == (5, 7)


def _sums(report: dict[str, Any], kind: str) -> tuple[int, int]:
    return (
        sum(file[f"{kind}_covered"] for file in report["files"]),
        sum(file[f"{kind}_valid"] for file in report["files"]),
    )
