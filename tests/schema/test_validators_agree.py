"""The compiled validator decides and the reference explains, so they have to judge alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import events
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from ci_intel import contracts
from ci_intel.moments import is_moment
from ingest.gate import Load, prepare_lines
from ingest.lines import Chunk

PROJECT = Path(__file__).parents[2]
NAMES = list(contracts.contracts())
NOW = datetime(2030, 1, 1, tzinfo=UTC)
LOAD = Load("0" * 64, 1, loaded_at=NOW, now=NOW, observed_at=NOW, depth=100)


def recorded(name: str) -> list[Any]:
    folder = PROJECT / contracts.contracts()[name].fixtures
    return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*/*.json"))]


def is_valid_for_reference(name: str, event: Any) -> bool:
    formats = FormatChecker()
    formats.checks("date-time")(lambda value: not isinstance(value, str) or is_moment(value))
    return Draft202012Validator(contracts.schema_of(name), format_checker=formats).is_valid(event)


def is_valid(name: str, event: Any) -> bool:
    """Judge as the gate does: the compiled validator, and the calendar."""
    return contracts.is_valid(name, event) and not contracts.beyond_calendar(name, event)


@pytest.mark.parametrize("name", NAMES)
def test_the_validators_agree_on_every_fixture_and_give_a_reason_for_every_refusal(name: str) -> None:
    for event in recorded(name):
        assert is_valid(name, event) == is_valid_for_reference(name, event), event
        assert bool(contracts.violations(name, event)) != is_valid(name, event)


@pytest.mark.parametrize("name", NAMES)
def test_the_compiled_validator_is_never_the_laxer_one_on_damaged_events(name: str) -> None:
    @settings(max_examples=40, database=None)
    @given(events.damaged(st.sampled_from(recorded(name))))
    def check(event: Any) -> None:
        if is_valid(name, event):
            assert is_valid_for_reference(name, event)
        assert bool(contracts.violations(name, event)) != is_valid(name, event)

    check()


@pytest.mark.parametrize("name", NAMES)
def test_every_damaged_event_is_either_rejected_or_becomes_rows_and_never_stops_a_load(name: str) -> None:
    @settings(max_examples=40, database=None)
    @given(events.damaged(st.sampled_from(recorded(name))))
    def check(event: Any) -> None:
        line = json.dumps(event).encode()

        prepared = prepare_lines(Chunk(1, 0, line + b"\n" + line), LOAD)

        assert prepared.events == 2
        assert prepared.loaded + len(prepared.rejects) == 2

    check()


@pytest.mark.parametrize("name", NAMES)
def test_every_generated_valid_event_becomes_rows_unless_it_contradicts_itself(name: str) -> None:
    @settings(max_examples=10, database=None)
    @given(events.valid_events(name))
    def check(event: Any) -> None:
        assert contracts.is_valid(name, event)
        prepared = prepare_lines(Chunk(1, 0, json.dumps(event).encode()), LOAD)
        assert prepared.loaded or prepared.rejects[0].code in ("contradiction", "in_the_future")

    check()
