"""Every field of a contract has its place in a raw table, and each list of values its test in dbt."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from contract_nodes import Place, nodes, types

from ci_intel import contracts
from ingest import topics
from ingest.tables import SELF, Table, Type

STAGING = Path(__file__).parents[2] / "models" / "staging"
NAMES = list(contracts.contracts())
NOT_KEPT: dict[str, set[Place]] = {}
"""Fields that no raw column keeps, by topic; each needs its reason here."""


def columns_of(topic: str, schema: Any) -> dict[Place, list[tuple[str, str, Type, bool]]]:
    """Return the raw columns (table, column, type, is it a joined list) that keep the value at each place."""
    maps = {place for place, node in nodes(schema) if "object" in types(node) and node.get("additionalProperties")}
    kept: dict[Place, list[tuple[str, str, Type, bool]]] = {}
    for table in topics.topic(topic).tables:
        holder = _holder(table, maps)
        for column in table.columns:
            if holder[-1:] == ("{}",):
                # The entries of an open map: only the value has a place in the contract.
                place = holder if column.name == "value" or column.path == ("value",) else ()
            else:
                place = holder if column.path == (SELF,) else (*holder, *column.path)
            if place:
                kept.setdefault(place, []).append((table.name, column.name, column.type, column.is_joined))
    kept[("emitted_at",)] = [(topics.topic(topic).tables[0].name, "_emitted_at", Type.TIMESTAMP, False)]
    kept[("schema",)] = [(topics.topic(topic).tables[0].name, "_contract", Type.STRING, False)]
    return kept


def _holder(table: Table, maps: set[Place]) -> Place:
    holder: Place = ()
    for step in table.each:
        holder = (*holder, *step)
        holder = (*holder, "{}" if holder in maps else "[]")
    return holder


@cache
def accepted_values() -> dict[tuple[str, str], list[str]]:
    """Return what dbt accepts in each raw column, as the yml beside each staging model says."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in sorted(STAGING.glob("*.yml")):
        for source in yaml.safe_load(path.read_text()).get("sources", ()):
            for table in source["tables"]:
                for column in table.get("columns", ()):
                    for test in column.get("data_tests", ()):
                        if isinstance(test, dict) and "accepted_values" in test:
                            values = test["accepted_values"]["arguments"]["values"]
                            found[table["name"], column["name"]] = [str(value) for value in values]
    return found


def newest(topic: contracts.Topic) -> str:
    return topic.contracts[-1].name


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_a_contract_is_kept_in_a_raw_column_of_its_type(name: str) -> None:
    schema = contracts.schema_of(name)
    topic = contracts.contracts()[name].topic
    kept = columns_of(topic, schema)

    lost, mistyped = [], []
    for place, node in nodes(schema):
        said = types(node) - {"null"}
        if said & {"object"} or place in NOT_KEPT.get(topic, ()):
            continue
        if said == {"array"}:
            # A list of objects is a table of its own; a list of texts may be one too, or one joined column.
            inner = types(node["items"])
            if inner == {"string"} and place not in kept and (*place, "[]") not in kept:
                lost.append(place)
            continue
        if place not in kept:
            if not (place[-1] == "[]" and any(joined for *_, joined in kept.get(place[:-1], ()))):
                lost.append(place)
            continue
        for table, column, kind, _ in kept[place]:
            if not _fits(said, node, kind):
                mistyped.append((table, column, kind, said))

    assert lost == []
    assert mistyped == []


def _fits(said: set[str], node: Any, kind: Type) -> bool:
    if node.get("format") == "date-time":
        return kind is Type.TIMESTAMP
    wanted = {"integer": Type.INTEGER, "number": Type.FLOAT, "boolean": Type.BOOLEAN, "string": Type.STRING}
    if len(said) == 1:
        return kind is wanted[next(iter(said))]
    # Values of several types are kept as text.
    return kind is Type.STRING


@pytest.mark.parametrize("name", NAMES)
def test_every_raw_column_is_filled_from_a_field_of_some_version_of_its_contract(name: str) -> None:
    topic = contracts.contracts()[name].topic
    versions = [contracts.schema_of(contract.name) for contract in contracts.topics()[topic].contracts]
    places = {place for schema in versions for place, _ in nodes(schema)}

    assert set(columns_of(topic, versions[-1])) - places <= {("emitted_at",)}


@pytest.mark.parametrize("topic", contracts.topics().values(), ids=lambda topic: topic.name)
def test_dbt_accepts_in_a_raw_column_exactly_the_values_that_the_contract_lists(topic: contracts.Topic) -> None:
    schema = contracts.schema_of(newest(topic))
    kept = columns_of(topic.name, schema)

    wrong = []
    for place, node in nodes(schema):
        if "enum" not in node:
            continue
        # The elements of a joined list are lines of one text, of which dbt cannot list the values.
        if place[-1] == "[]" and any(joined for *_, joined in kept.get(place[:-1], ())):
            continue
        wanted = [str(value) for value in node["enum"] if value is not None]
        for table, column, *_ in kept[place]:
            said = accepted_values().get((table, column))
            if said is None or sorted(said) != sorted(wanted):
                wrong.append(f"raw.{table}.{column}: the contract lists {wanted}, dbt accepts {said}")

    assert wrong == [], "write accepted_values under `sources` in models/staging/stg_<raw table>.yml"


def test_dbt_lists_values_only_for_raw_columns_that_exist() -> None:
    columns = {
        (table.name, column.name)
        for topic in topics.all_topics().values()
        for table in topic.tables
        for column in table.all_columns
    }

    assert set(accepted_values()) <= columns
