from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ci_intel import contracts
from ci_intel.errors import Refused
from ingest.context import RunContext
from ingest.evidence import Limits, opened
from ingest.readers import Item, Malformed, reader

FIXTURES = Path(__file__).parent / "fixtures" / "catalogue"
SHIPPED = Path(__file__).parents[3] / "config" / "repositories.yaml"


def read(path: Path) -> list[Item]:
    with opened(path, Limits()) as evidence:
        return list(reader("catalogue").read(evidence, RunContext()))


def is_recognised(path: Path) -> bool:
    with opened(path, Limits()) as evidence:
        return reader("catalogue").recognises(evidence)


def reasons(item: Item) -> list[str]:
    if isinstance(item, Malformed):
        return [item.pointer]
    return [violation.pointer for violation in contracts.violations("repository.v1.0", item)]


def fields(path: Path, name: str) -> list[Any]:
    return [item[name] for item in read(path) if isinstance(item, dict)]


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("valid/*")), ids=lambda path: path.stem)
def test_each_entry_of_a_catalogue_is_an_event_that_keeps_its_contract(path: Path) -> None:
    assert is_recognised(path)
    assert all(isinstance(item, dict) and contracts.is_valid("repository.v1.0", item) for item in read(path))


def test_an_entry_without_a_day_holds_from_the_beginning_and_a_day_begins_at_midnight() -> None:
    moments = fields(FIXTURES / "valid/two_entries.yaml", "valid_from")

    assert moments == ["2026-01-01T00:00:00Z", "1970-01-01T00:00:00Z"]


def test_what_is_no_json_word_stays_the_text_it_is() -> None:
    [entry] = read(FIXTURES / "valid/words_that_yaml_would_twist.yaml")

    assert isinstance(entry, dict)
    assert (entry["team"], entry["service"], entry["default_branch"]) == ("NO", "1:30", "2026-01")


@pytest.mark.parametrize(
    ("name", "pointers"),
    [
        ("entry_without_repo", [[], [""]]),
        ("entry_is_a_word", [[], ["/repositories/1"]]),
        ("misspelled_field", [[""]]),
        ("valid_from_without_offset", [["/valid_from"]]),
    ],
)
def test_a_bad_entry_is_rejected_alone(name: str, pointers: list[list[str]]) -> None:
    path = FIXTURES / "invalid" / f"{name}.yaml"

    assert is_recognised(path)
    assert [reasons(item) for item in read(path)] == pointers


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("refused/*")), ids=lambda path: path.stem)
def test_a_catalogue_that_cannot_be_trusted_is_recognised_and_refused_whole(path: Path) -> None:
    assert is_recognised(path)
    with pytest.raises(Refused) as refusal:
        read(path)
    assert refusal.value.code == path.stem


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("foreign/*")), ids=lambda path: path.stem)
def test_lists_of_repositories_that_other_tools_keep_are_left_alone(path: Path) -> None:
    assert not is_recognised(path)


def test_a_catalogue_longer_than_people_write_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    path.write_bytes(b"repositories:\n  - repo: shop/cart\n" + b"# \n" * (2 << 20))

    with pytest.raises(Refused, match="at most"):
        read(path)


def test_deep_nesting_is_refused_rather_than_followed(tmp_path: Path) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text("repositories:\n  - repo: " + "[" * 5000)

    with pytest.raises(Refused) as refusal:
        read(path)
    assert refusal.value.code == "too_deep"


def test_the_shipped_catalogue_is_read_and_empty() -> None:
    assert is_recognised(SHIPPED)
    assert read(SHIPPED) == []


def test_the_shipped_example_keeps_its_contract_once_its_comment_marks_are_gone(tmp_path: Path) -> None:
    text = SHIPPED.read_text()
    example = text[text.index("# repositories:") : text.index("repositories: []")]
    path = tmp_path / "repositories.yaml"
    path.write_text("\n".join(line.removeprefix("# ") for line in example.splitlines()))

    events = read(path)

    assert len(events) == 2
    assert [reasons(event) for event in events] == [[], []]
