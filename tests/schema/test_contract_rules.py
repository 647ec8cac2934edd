"""Rules that every contract keeps, so that no field of any event is unbounded or unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from contract_nodes import Place, nodes, types
from jsonschema import Draft202012Validator

from ci_intel import contracts

NAMES = list(contracts.contracts())
OPEN_MAPS: Mapping[str, set[Place]] = {
    # Maps of the sender's own keys; each is a child table of keys and values.
    "pipeline_run": {("jobs", "[]", "matrix")},
    "job_telemetry": {("metadata",)},
    "repository": {("thresholds",)},
}
LARGEST = 2**53 - 1


def nodes_of(name: str) -> list[tuple[Place, Mapping[str, Any]]]:
    return list(nodes(contracts.schema_of(name)))


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_is_a_json_schema_that_is_named_like_its_file(name: str) -> None:
    schema = contracts.schema_of(name)

    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == contracts.contracts()[name].path.name == f"{name}.json"
    assert schema["title"] == name
    assert schema["description"].endswith(".")
    assert schema["properties"]["schema"] == {"const": name}
    assert "schema" in schema["required"]


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_bounded_on_both_sides_within_what_a_double_holds_exactly(name: str) -> None:
    unbounded = [
        place
        for place, node in nodes_of(name)
        if types(node) & {"integer", "number"}
        and not -LARGEST <= node.get("minimum", -1e99) <= node.get("maximum", 1e99) <= LARGEST
    ]

    assert unbounded == []


@pytest.mark.parametrize("name", NAMES)
def test_every_object_is_closed_but_for_the_declared_open_maps(name: str) -> None:
    topic = contracts.contracts()[name].topic
    opened = {place for place, node in nodes_of(name) if "object" in types(node) and node.get("additionalProperties")}
    unsaid = {place for place, node in nodes_of(name) if "object" in types(node) and "additionalProperties" not in node}

    assert opened == OPEN_MAPS.get(topic, set())
    assert unsaid == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_value_has_a_type_or_a_list_of_values(name: str) -> None:
    anything = [place for place, node in nodes_of(name) if not {"type", "enum", "const"} & node.keys()]

    assert anything == []


@pytest.mark.parametrize("name", NAMES)
def test_every_pattern_holds_for_the_whole_text(name: str) -> None:
    loose = [
        place
        for place, node in nodes_of(name)
        if "pattern" in node and not re.fullmatch(r"\^.*\$", node["pattern"], re.DOTALL)
    ]

    assert loose == []


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_names_fields_that_exist_where_it_requires_them(name: str) -> None:
    missing = [
        (place, field)
        for place, node in nodes_of(name)
        for field in node.get("required", ())
        if field not in node.get("properties", {})
    ]

    assert missing == []
