"""Detection: each content is one reader's, or none's, whatever its name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from native import FIXTURES, PROJECT, corpus

from ci_intel.errors import Refused
from ingest.detect import reader_for
from ingest.evidence import Limits, opened
from ingest.readers import BEGINNINGS, FORMATS, reader

WRITTEN = sorted(path for kind in ("valid", "invalid") for path in FIXTURES.glob(f"*/{kind}/*"))
MARKED = [
    path
    for path in WRITTEN
    if path.parts[-2] == "valid"
    and path.parts[-3]
    in ("gitlab_rest", "jenkins_json", "pagerduty", "jira", "cdevents", "jacoco_xml", "lcov", "pit_xml", "mutmut")
]


def claimants(path: Path) -> list[str]:
    """Return the formats whose readers take the file for their own."""
    with opened(path, Limits()) as evidence:
        return [name for name in FORMATS if reader(name).recognises(evidence)]


def detected(path: Path) -> str | None:
    """Return the format that a load of the file would take it for."""
    with opened(path, Limits()) as evidence:
        found = reader_for(evidence, None)
    return found.format if found else None


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_report_is_recognised_by_its_own_reader_alone_be_it_good_or_bad(path: Path) -> None:
    assert claimants(path) == [path.parts[-3]]
    assert detected(path) == path.parts[-3]


def test_a_format_that_is_asked_about_some_beginnings_only_is_one_that_exists() -> None:
    assert BEGINNINGS.keys() <= set(FORMATS)


@pytest.mark.parametrize("path", MARKED, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_byte_order_mark_does_not_hide_a_report(tmp_path: Path, path: Path) -> None:
    copy = tmp_path / "report"
    copy.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert detected(copy) == path.parts[-3]


def test_a_long_text_that_is_no_json_is_parsed_once_for_all_readers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ingest import jsontext

    path = tmp_path / "events.ndjson"
    path.write_text('{"a": 1}\n{"a": 2}\n')
    calls = []
    parse = jsontext.parse_document

    def counting(text: bytes, depth: int) -> object:
        calls.append(text)
        return parse(text, depth)

    monkeypatch.setattr(jsontext, "parse_document", counting)

    assert detected(path) is None
    assert calls.count(path.read_bytes()) == 1


@pytest.mark.corpus
def test_no_file_of_the_corpus_is_claimed_by_two_readers() -> None:
    claims = {}
    for path in sorted(path for path in corpus(".").rglob("*") if path.is_file()):
        try:
            found = claimants(path)
        except Refused:
            continue
        if len(found) > 1:
            claims[path.name] = found
        assert detected(path) == (found[0] if found else None)

    assert claims == {}


@pytest.mark.corpus
def test_the_dumps_of_apis_are_nobodys_until_they_are_unwrapped() -> None:
    dumps = [path for folder in ("ci_api", "incidents") for path in corpus(folder).rglob("*.csv*")]

    assert len(dumps) > 50
    assert {detected(path) for path in dumps} == {None}


def test_an_event_of_the_hub_is_not_taken_for_anything_else(tmp_path: Path) -> None:
    event = json.loads((PROJECT / "tests/schema/fixtures/deployment/v1.0/valid").iterdir().__next__().read_text())
    path = tmp_path / "events.ndjson"
    path.write_text(json.dumps(event) + "\n")

    assert claimants(path) == ["hub"]
