"""JaCoCo and LCOV: lines and branches, each counted once, whatever else counts them again."""

from __future__ import annotations

import socket
from collections import Counter
from typing import Any

import pytest
from native import FIXTURES, corpus, event

JACOCO = FIXTURES / "jacoco_xml" / "valid"
LCOV = FIXTURES / "lcov" / "valid"
RECORDED = "coverage/jacoco_xml/jenkinsci__coverage-model"


def sums(report: dict[str, Any]) -> Counter[str]:
    """Return the lines and branches of all files together."""
    return Counter({name: sum(file.get(name, 0) for file in report["files"]) for name in COUNTS})


COUNTS = ("lines_valid", "lines_covered", "branches_valid", "branches_covered")


def test_a_line_of_jacoco_counts_for_its_file_not_again_for_its_methods_classes_and_groups() -> None:
    report = event("jacoco_xml", JACOCO / "groups_in_groups.xml")

    assert report["files"] == [
        {
            "path": "org/shop/cart/Cart.java",
            "lines_valid": 3,
            "lines_covered": 2,
            "branches_valid": 2,
            "branches_covered": 1,
        },
        {"path": "Main.java", "lines_valid": 2, "lines_covered": 1},
    ]
    assert {name: report[name] for name in COUNTS} == {
        "lines_valid": 5,
        "lines_covered": 3,
        "branches_valid": 2,
        "branches_covered": 1,
    }


def test_it_was_measured_when_the_last_session_was_dumped() -> None:
    assert event("jacoco_xml", JACOCO / "groups_in_groups.xml")["generated_at"] == "2026-03-02T09:01:00.500000+00:00"
    assert "generated_at" not in event("jacoco_xml", JACOCO / "totals_only_no_doctype.xml")


def test_a_report_of_totals_has_no_files() -> None:
    report = event("jacoco_xml", JACOCO / "totals_only_no_doctype.xml")

    assert (report["lines_covered"], report["lines_valid"], report["files"]) == (6, 10, [])


def test_the_document_type_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> Any:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)

    assert event("jacoco_xml", JACOCO / "groups_in_groups.xml")["files"]


def test_the_records_of_one_source_file_are_one_file_and_a_line_is_hit_if_any_test_hits_it() -> None:
    cart, money = event("lcov", LCOV / "one_file_in_two_records.lcov")["files"]

    assert cart == {
        "path": "src/cart.ts",
        "lines_valid": 3,
        "lines_covered": 2,
        "branches_valid": 2,
        "branches_covered": 1,
    }
    assert money == {"path": "src/money.ts", "lines_valid": 10, "lines_covered": 4}


def test_counts_beyond_any_integer_are_hits_like_others() -> None:
    (file,) = event("lcov", LCOV / "counts_beyond_64_bits.lcov")["files"]

    assert (file["lines_covered"], file["lines_valid"], file["branches_covered"]) == (1, 2, 1)


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "lines", "branches", "files"),
    [
        ("jacoco-analysis-model.xml.gz", (5531, 5798), (1544, 1749), 307),
        ("jacocoTestReport.xml", (225, 225), (124, 128), 9),
        ("pester.xml", (3, 4), (0, 0), 4),
    ],
)
def test_the_files_of_recorded_reports_add_up_to_their_totals(
    name: str, lines: tuple[int, int], branches: tuple[int, int], files: int
) -> None:
    report = event("jacoco_xml", corpus(f"{RECORDED}/{name}"))
    found = sums(report)

    assert (report["lines_covered"], report["lines_valid"]) == lines
    assert (found["lines_covered"], found["lines_valid"]) == lines
    assert (found["branches_covered"], found["branches_valid"]) == branches
    assert len(report["files"]) == files


@pytest.mark.corpus
def test_lcov_and_cobertura_of_one_run_of_coverage_py_count_the_same() -> None:
    lcov = sums(event("lcov", corpus("coverage/coverage_py/self-recorded/coverage.lcov")))
    cobertura = sums(event("cobertura_xml", corpus("coverage/coverage_py/self-recorded/coverage.xml")))

    assert (lcov["lines_covered"], lcov["lines_valid"]) == (1176, 1787)
    assert lcov == cobertura


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "counts"),
    [("large-hit-counts.lcov", (1, 2, 1, 2)), ("single.lcov", (1, 1, 0, 0))],
)
def test_recorded_tracefiles(name: str, counts: tuple[int, ...]) -> None:
    found = sums(event("lcov", corpus(f"coverage/lcov_go/jenkinsci__coverage-model/{name}")))

    assert (
        found["lines_covered"],
        found["lines_valid"],
        found["branches_covered"],
        found["branches_valid"],
    ) == counts
