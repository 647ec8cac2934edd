"""No report, however damaged, does more than be refused or have its events rejected."""

from __future__ import annotations

import copy
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.context import RunContext
from ingest.evidence import Limits, spooled
from ingest.load import Options, judge_file

FIXTURES = Path(__file__).parent / "fixtures"
OPTIONS = Options(RunContext("github", "acme/shop", "7", 1, "a" * 40, "unit", "flag"))
NOW = datetime(2030, 1, 1, tzinfo=UTC)
JSON = sorted(FIXTURES.glob("*/valid/*.json"))
EACH_FIELD = ("cdevents", "dbt_run_results", "gitlab_rest", "jenkins_json", "jira", "pagerduty")
ANSWERS = [path for path in JSON if path.parts[-3] in EACH_FIELD]
XML = sorted(FIXTURES.glob("*/valid/*.xml"))
YAML = sorted(FIXTURES.glob("*/valid/*.yaml"))
TEXT = sorted(path for ending in ("lcov", "ndjson", "txt") for path in FIXTURES.glob(f"*/valid/*.{ending}"))
_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 2**53, 2**62, 1e300, "", "x", "\u0000", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59",
    "2026-01-01T00:00:00", "1,234.5", "http://[", "sha256:x", [], {}, [[]], [None], [{}], {"": None}, {"url": 7},
)  # fmt: skip


def judge(content: bytes) -> None:
    with spooled(io.BytesIO(content), Limits(), NOW) as evidence:
        report = judge_file(evidence, OPTIONS, now=NOW)
    assert report.events == report.loaded + report.rejected
    assert report.status in ("valid", "refused", "unknown")
    assert report.status == "valid" or (report.code and report.message)


def _holders(value: Any) -> list[Any]:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [*([value] if inner else []), *(holder for entry in inner for holder in _holders(entry))]


@pytest.mark.parametrize("path", JSON, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_json_reports_with_other_values_than_their_tools_write(path: Path) -> None:
    original = json.loads(path.read_bytes())

    @settings(max_examples=60, database=None)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        document = copy.deepcopy(original)
        for _ in range(data.draw(st.integers(1, 2))):
            holders = _holders(document)
            if not holders:
                break
            holder = data.draw(st.sampled_from(holders))
            place = data.draw(st.sampled_from(list(holder) if isinstance(holder, dict) else range(len(holder))))
            if data.draw(st.booleans()):
                holder[place] = copy.deepcopy(data.draw(st.sampled_from(_ODD)))
            else:
                del holder[place]
        judge(json.dumps(document).encode())

    check()


def test_a_number_that_a_reader_reckons_beyond_64_bits_is_rejected_with_its_field() -> None:
    path = FIXTURES / "dbt_run_results" / "invalid" / "longer_than_64_bits_of_milliseconds.json"
    with spooled(io.BytesIO(path.read_bytes()), Limits(), NOW) as evidence:
        report = judge_file(evidence, OPTIONS, now=NOW)

    [reject] = report.rejects
    assert (reject.code, reject.pointer) == ("contract", "/elapsed_ms")


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_answers_of_apis_with_each_field_in_turn_of_another_shape(path: Path) -> None:
    document = json.loads(path.read_bytes())
    for holder in _holders(document):
        for place in list(holder) if isinstance(holder, dict) else range(len(holder)):
            before = holder[place]
            for odd in ([], {}, [{}], 1e300, 2**62):
                holder[place] = odd
                judge(json.dumps(document).encode())
            holder[place] = before


@pytest.mark.parametrize("path", [*XML, *YAML, *TEXT, *JSON[::4]], ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_reports_with_bytes_cut_repeated_or_replaced(path: Path) -> None:
    original = path.read_bytes()

    @settings(max_examples=60, database=None)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        begin = data.draw(st.integers(0, len(original)))
        end = data.draw(st.integers(begin, min(len(original), begin + 40)))
        piece = data.draw(st.sampled_from(
            [b"", b"<", b">", b'"', b"'", b"&", b"\x00", b"\xff", b"NaN", b"-1", b"1e999", b"99999999999999999999",
             b"1,234.5", b"<testcase/>", b"&xxe;", b"\n", original[begin:end] * 2]
        ))  # fmt: skip
        judge(original[:begin] + piece + original[end:])

    check()
