from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import events
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ci_intel import compatibility, contracts
from ci_intel.cli import cli
from ci_intel.compatibility import incompatibilities
from ingest.topics import topic

PROJECT = Path(__file__).parents[2]
Schema = Mapping[str, Any]


def event(**fields: Any) -> Schema:
    """Return a small contract with these fields, all of them optional."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["schema"],
        "properties": {"schema": {"const": "thing.v1.0"}, **fields},
    }


NARROWED: list[Any] = [
    pytest.param({"enum": ["a", "b"]}, {"enum": ["a"]}, "/x", id="a value was removed from a list"),
    pytest.param({"const": 1}, {"const": 2}, "/x", id="the only value is another"),
    pytest.param({"type": "string"}, {"type": "string", "enum": ["a"]}, "/x", id="free text became a list of values"),
    pytest.param({"enum": ["a", "bb"]}, {"type": "string", "maxLength": 1}, "/x", id="a listed value became too long"),
    pytest.param({"enum": ["a"]}, {"enum": ["a"], "type": "integer"}, "/x", id="a listed value became of wrong type"),
    pytest.param({"type": ["string", "null"]}, {"type": "string"}, "/x", id="null is no longer allowed"),
    pytest.param({"type": "number"}, {"type": "integer"}, "/x", id="fractions are no longer allowed"),
    pytest.param({}, {"type": "string"}, "/x", id="anything became a text"),
    pytest.param({"type": "integer", "minimum": 0}, {"type": "integer", "minimum": 1}, "/x", id="the minimum rose"),
    pytest.param({"type": "integer", "maximum": 9}, {"type": "integer", "maximum": 8}, "/x", id="the maximum fell"),
    pytest.param({"type": "integer"}, {"type": "integer", "maximum": 8}, "/x", id="a maximum came"),
    pytest.param(
        {"type": "number", "minimum": 0}, {"type": "number", "exclusiveMinimum": 0}, "/x", id="the bound itself went"
    ),
    pytest.param({"type": "string"}, {"type": "string", "minLength": 1}, "/x", id="empty texts went"),
    pytest.param(
        {"type": "string", "maxLength": 9}, {"type": "string", "maxLength": 8}, "/x", id="texts became shorter"
    ),
    pytest.param(
        {"type": "string", "format": "date"}, {"type": "string", "minLength": 11}, "/x", id="longer than its format"
    ),
    pytest.param({"type": "string"}, {"type": "string", "pattern": "^a"}, "/x", id="a pattern came"),
    pytest.param(
        {"type": "string", "pattern": "^a"}, {"type": "string", "pattern": "^b"}, "/x", id="the pattern is another"
    ),
    pytest.param({"type": "string"}, {"type": "string", "format": "uri"}, "/x", id="a format came"),
    pytest.param({"type": "array"}, {"type": "array", "minItems": 1}, "/x", id="empty lists went"),
    pytest.param({"type": "array"}, {"type": "array", "maxItems": 9}, "/x", id="long lists went"),
    pytest.param({"type": "array"}, {"type": "array", "uniqueItems": True}, "/x", id="repeated elements went"),
    pytest.param(
        {"type": "array", "items": {"type": ["string", "null"]}},
        {"type": "array", "items": {"type": "string"}},
        "/x/*",
        id="elements were narrowed",
    ),
    pytest.param({"type": "object"}, {"type": "object", "required": ["y"]}, "/x/y", id="a field became required"),
    pytest.param(
        {"type": "object"}, {"type": "object", "additionalProperties": False}, "/x/*", id="an open map was closed"
    ),
    pytest.param(
        {"type": "object", "additionalProperties": {"type": ["string", "integer"]}},
        {"type": "object", "additionalProperties": {"type": "string"}},
        "/x/*",
        id="the values of a map were narrowed",
    ),
    pytest.param(
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "object", "additionalProperties": {"type": "string"}, "properties": {"y": {"type": "integer"}}},
        "/x/y",
        id="a key of an open map got a type of its own",
    ),
    pytest.param(
        {"type": "object", "properties": {"y": True}},
        {"type": "object", "properties": {"y": False}},
        "/x/y",
        id="a field was forbidden",
    ),
    pytest.param({"type": "object"}, {"type": "object", "minProperties": 1}, "/x", id="empty objects went"),
    pytest.param(
        {"type": "object"}, {"type": "object", "dependentRequired": {"y": ["z"]}}, "/x", id="a dependency came"
    ),
    pytest.param(
        {"type": "object", "if": {"required": ["y"]}, "then": {"required": ["z"]}},
        {"type": "object", "if": {}, "then": {"required": ["z"]}},
        "/x",
        id="a condition applies to more",
    ),
    pytest.param({"type": "string"}, {"type": "string", "not": {"const": "a"}}, "/x", id="an exception came"),
]
WIDENED: list[Any] = [
    pytest.param({"enum": ["a"]}, {"enum": ["b", "a"]}, id="a value was added to a list"),
    pytest.param({"enum": ["a"]}, {"type": "string"}, id="a list of values became free text"),
    pytest.param({"type": "integer", "minimum": 0}, {"type": "number", "minimum": 0}, id="fractions are now allowed"),
    pytest.param({"type": "integer", "minimum": 0}, {"type": ["integer", "null"], "minimum": -1}, id="null and less"),
    pytest.param({"type": "number", "exclusiveMinimum": 0}, {"type": "number", "minimum": 0}, id="the bound itself"),
    pytest.param({"type": "string", "format": "uuid"}, {"type": "string", "minLength": 1}, id="any text, but some"),
    pytest.param({"type": "string", "pattern": "^a"}, {"type": "string"}, id="a pattern went"),
    pytest.param({"type": "array", "minItems": 1}, {"type": "array"}, id="empty lists came"),
    pytest.param({"type": "object", "required": ["y"]}, {"type": "object"}, id="a field became optional"),
    pytest.param(
        {"type": "object", "additionalProperties": False},
        {"type": "object", "additionalProperties": False, "properties": {"y": {"type": "string"}}},
        id="a field was added",
    ),
    pytest.param(
        {"type": "object", "if": {"required": ["y"]}, "then": {"required": ["z"]}},
        {"type": "object"},
        id="no condition",
    ),
    pytest.param({"type": "string", "title": "a"}, {"type": "string", "title": "b", "description": "c"}, id="words"),
    pytest.param(False, {"type": "string"}, id="what was forbidden"),
]


@pytest.mark.parametrize(("older", "newer", "pointer"), NARROWED)
def test_a_narrowed_contract_is_found_and_the_place_is_named(older: Any, newer: Any, pointer: str) -> None:
    found = list(incompatibilities(event(x=older), event(x=newer)))

    assert pointer in [violation.pointer for violation in found]
    assert all(violation.message for violation in found)


@pytest.mark.parametrize(("older", "newer"), WIDENED)
def test_a_widened_contract_is_compatible(older: Any, newer: Any) -> None:
    assert list(incompatibilities(event(x=older), event(x=newer))) == []


def test_a_field_that_was_removed_from_a_closed_contract_is_found() -> None:
    [violation] = incompatibilities(event(x={"type": "string"}), event())

    assert violation.pointer == "/x"


def test_a_contract_is_compatible_with_itself_and_its_own_word_does_not_count() -> None:
    older = event(x={"type": "string"})
    newer = {**older, "properties": {**older["properties"], "schema": {"const": "thing.v1.1"}}}

    assert list(incompatibilities(older, older)) == []
    assert list(incompatibilities(older, newer)) == []


_SMALL = st.recursive(
    st.one_of(
        st.fixed_dictionaries({"enum": st.lists(st.sampled_from(["a", "bb", 1, None]), min_size=1, unique=True)}),
        st.fixed_dictionaries(
            {"type": st.sampled_from(["integer", "number", ["integer", "null"]])},
            optional={"minimum": st.integers(-2, 1), "maximum": st.integers(2, 3), "exclusiveMinimum": st.just(0)},
        ),
        st.fixed_dictionaries(
            {"type": st.just("string")},
            optional={"minLength": st.integers(0, 2), "maxLength": st.integers(2, 4), "pattern": st.just("^a*$")},
        ),
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": inner},
            optional={"minItems": st.integers(0, 1), "maxItems": st.integers(1, 3)},
        ),
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(st.sampled_from("xyz"), inner, max_size=2)},
            optional={
                "required": st.lists(st.sampled_from("xyz"), max_size=1),
                "additionalProperties": st.one_of(st.booleans(), inner),
            },
        ),
    ),
    max_leaves=4,
)


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Return a schema and one that differs from it in a keyword or two, so that many are compatible."""
    older = draw(_SMALL)
    keywords = st.sampled_from(sorted(older))
    newer = {name: value for name, value in older.items() if name not in draw(st.sets(keywords, max_size=2))}
    return older, newer | draw(st.one_of(st.just({}), _SMALL))


@settings(max_examples=200)
@given(_pairs(), st.data())
def test_what_is_called_compatible_accepts_every_document_of_the_older_contract(
    pair: tuple[Schema, Schema], data: st.DataObject
) -> None:
    older, newer = pair
    judge = Draft202012Validator(newer)
    if any(incompatibilities(older, newer)):
        # Nothing is claimed of these; the same contract widened must still come through.
        assert list(incompatibilities(older, {**older, "title": "the same"})) == []
        return

    document = data.draw(events.documents(older))

    assert judge.is_valid(document)


def test_every_registered_minor_version_accepts_what_the_one_before_it_accepted() -> None:
    assert list(compatibility.broken_promises()) == []


@settings(max_examples=40)
@given(events.valid_events("pipeline_run.v1.2"))
def test_generated_runs_of_v1_2_are_valid_runs_of_v1_3(run: dict[str, Any]) -> None:
    assert contracts.is_valid("pipeline_run.v1.2", run)

    assert contracts.violations("pipeline_run.v1.3", {**run, "schema": "pipeline_run.v1.3"}) == []


@pytest.mark.parametrize(
    "path",
    sorted((PROJECT / "tests/schema/fixtures/pipeline_run/v1.2/valid").glob("*.json")),
    ids=lambda path: path.stem,
)
def test_the_fixtures_of_v1_2_are_valid_runs_of_v1_3(path: Path) -> None:
    run = {**json.loads(path.read_bytes()), "schema": "pipeline_run.v1.3"}

    assert contracts.violations("pipeline_run.v1.3", run) == []
    assert list(topic("pipeline_run").contradictions(run)) == []


def test_the_command_proves_it_and_says_so() -> None:
    result = CliRunner().invoke(cli, ["topics", "--check"])

    assert (result.exit_code, result.stderr) == (0, "")
    assert "accepts" in result.stdout


def test_the_command_exits_1_and_names_the_place_where_a_version_is_narrower(monkeypatch: pytest.MonkeyPatch) -> None:
    schemas = dict(contracts.schema_of("pipeline_run.v1.3"))
    schemas["required"] = [*schemas["required"], "branch", "region"]
    real = contracts.schema_of
    monkeypatch.setattr(contracts, "schema_of", lambda name: schemas if name == "pipeline_run.v1.3" else real(name))

    result = CliRunner().invoke(cli, ["topics", "--check"])
    as_json = CliRunner().invoke(cli, ["topics", "--check", "--json"])

    assert result.exit_code == as_json.exit_code == 1
    assert result.stderr == "pipeline_run.v1.3: /region: now required\n"
    assert json.loads(as_json.stdout) == {
        "contract": "pipeline_run.v1.3",
        "pointer": "/region",
        "message": "now required",
    }
