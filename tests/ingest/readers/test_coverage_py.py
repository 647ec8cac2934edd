"""coverage.py's JSON: counts, not its mixed percentages."""

from __future__ import annotations

from pathlib import Path

import pytest
from native import FIXTURES, corpus, event, events, items, recognises

from ci_intel.errors import Refused
from ingest.readers import Malformed

VALID = FIXTURES / "coverage_py" / "valid"
INVALID = FIXTURES / "coverage_py" / "invalid"


def test_branches_are_absent_where_they_were_not_measured() -> None:
    report = event("coverage_py", VALID / "format_2.json")

    assert report["files"] == [{"path": "src/shop/cart.py", "lines_valid": 4, "lines_covered": 3}]


def test_branches_are_counted_apart_from_lines() -> None:
    report = event("coverage_py", VALID / "format_3_with_branches.json")

    assert (report["lines_covered"], report["lines_valid"]) == (3, 4)
    assert (report["branches_covered"], report["branches_valid"]) == (2, 4)


def test_local_time_is_kept_as_written_and_taken_for_no_moment() -> None:
    report = event("coverage_py", VALID / "format_2.json")

    assert report["generated_at_original"] == "2026-03-02T10:05:30.123456"
    assert "generated_at" not in report


@pytest.mark.parametrize(
    ("name", "code"),
    [("format_1", "unsupported_version"), ("nothing_measured", "empty_report"), ("cut_short", "not_json")],
)
def test_a_report_that_says_nothing_is_refused(name: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        events("coverage_py", INVALID / f"{name}.json")

    assert refusal.value.code == code


def test_a_file_without_its_summary_makes_the_report_malformed() -> None:
    (broken,) = items("coverage_py", INVALID / "file_without_summary.json")

    assert isinstance(broken, Malformed)
    assert broken.pointer == "/files/a~1b.py/summary"


def test_other_json_is_left_to_others(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"meta": {"count": 3}, "files": [], "totals": {}}')

    assert not recognises("coverage_py", other)


@pytest.mark.corpus
def test_the_recorded_report_adds_up_to_its_own_totals() -> None:
    report = event("coverage_py", corpus("coverage/coverage_py/self-recorded/coverage.json.gz"))

    assert (report["lines_covered"], report["lines_valid"]) == (1176, 1787)
    for kind in ("lines_valid", "lines_covered", "branches_valid", "branches_covered"):
        assert sum(file[kind] for file in report["files"]) == report[kind]
