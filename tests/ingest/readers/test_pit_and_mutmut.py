"""PIT and mutmut: what tests noticed, what they did not, and what nobody tried."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from native import FIXTURES, corpus, event, recognises

from ci_intel.errors import Refused

PIT = FIXTURES / "pit_xml" / "valid"
MUTMUT = FIXTURES / "mutmut" / "valid"
RECORDED = "mutation/pit_xml/jenkinsci__coverage-model"


def statuses(run: dict[str, Any]) -> Counter[str]:
    """Return how many mutants have which status."""
    return Counter(mutant["status"] for mutant in run["mutants"])


def test_each_status_of_pit_is_one_of_ours() -> None:
    assert statuses(event("pit_xml", PIT / "every_status.xml")) == {
        "killed": 1,
        "survived": 1,
        "no_coverage": 1,
        "timeout": 1,
        "runtime_error": 2,
        "compile_error": 1,
        "pending": 2,
    }


def test_a_partial_report_is_an_ordinary_one_and_says_nothing_of_its_scope() -> None:
    run = event("pit_xml", PIT / "every_status.xml")

    assert "scope" not in run
    assert (run["tool"], run["target"]) == ("pit", "shop")


def test_mutants_of_one_line_are_told_apart_by_their_index_and_found_by_their_package() -> None:
    killed, survived, *_ = event("pit_xml", PIT / "every_status.xml")["mutants"]

    assert killed == {
        "id": "org.shop.Money.sum(II)I:7:org.pitest.mutationtest.engine.gregor.mutators.MathMutator:5",
        "file": "org/shop/Money.java",
        "line": 7,
        "mutator": "org.pitest.mutationtest.engine.gregor.mutators.MathMutator",
        "status": "killed",
        "killed_by": ["org.shop.MoneyTest.sums(org.shop.MoneyTest)"],
    }
    assert survived["id"].endswith(":6")


def test_a_mutant_that_an_older_report_lists_twice_is_one() -> None:
    run = event("pit_xml", PIT / "written_by_an_older_version.xml")

    assert statuses(run) == {"killed": 1, "survived": 1}
    assert [mutant["id"].rpartition(":")[2] for mutant in run["mutants"]] == ["5", "6"]


def test_each_status_that_mutmut_prints_is_one_of_ours() -> None:
    run = event("mutmut", MUTMUT / "results_of_all.txt")

    assert statuses(run) == {
        "killed": 1,
        "survived": 1,
        "no_coverage": 1,
        "timeout": 1,
        "suspicious": 1,
        "ignored": 1,
        "runtime_error": 1,
        "compile_error": 1,
        "pending": 2,
    }
    assert run["mutants"][3] == {"id": "shop.money.xǁCartǁadd__mutmut_1", "status": "timeout"}


def test_what_mutmut_counted_in_its_total_alone_was_not_tried() -> None:
    run = event("mutmut", MUTMUT / "counts.json")

    # 14 in all, of which 6 + 2 + 1 + 1 have an end, one was interrupted, and three are told of nowhere.
    assert statuses(run) == {"killed": 6, "survived": 2, "no_coverage": 1, "timeout": 1, "pending": 4}


def test_the_export_of_an_older_mutmut_is_of_mutants_and_an_untested_one_has_not_survived() -> None:
    run = event("mutmut", MUTMUT / "export_of_version_2.xml")

    assert [mutant["status"] for mutant in run["mutants"]] == ["killed", "survived", "timeout", "pending"]
    assert run["mutants"][0] == {"id": "1", "file": "shop/money.py", "line": 7, "status": "killed"}


def test_a_list_of_survivors_gives_no_score() -> None:
    with pytest.raises(Refused, match="--all true"):
        event("mutmut", FIXTURES / "mutmut" / "invalid" / "results_without_the_killed.txt")


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("mutations.xml.gz", {"killed": 222, "survived": 8, "no_coverage": 16}),
        ("mutation.xml", {"killed": 1}),
        ("mutation-with-blocks-and-indexes.xml", {"survived": 1}),
    ],
)
def test_recorded_reports_have_the_mutants_that_were_counted_in_them(name: str, counts: dict[str, int]) -> None:
    assert statuses(event("pit_xml", corpus(f"{RECORDED}/{name}"))) == counts


def test_the_tests_of_mutmut_itself_are_tests(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text('<testsuites><testsuite name="mutmut" tests="1"><testcase name="test_a"/></testsuite></testsuites>')

    assert recognises("junit_xml", path)
    assert not recognises("mutmut", path)
