from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from ci_intel import contracts
from ingest import ledger, topics
from ingest.readers import FORMATS, reader

TOPICS = list(contracts.topics().values())
PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_registered_with_versions_in_order_and_files_that_exist(topic: contracts.Topic) -> None:
    numbers = [tuple(map(int, contract.version.removeprefix("v").split("."))) for contract in topic.contracts]

    assert numbers == sorted(set(numbers))
    assert topic.summary.endswith(".")
    assert topic.owner
    for contract in topic.contracts:
        assert contract.path.is_file()
        assert contract.fixtures == f"tests/schema/fixtures/{contract.topic}/{contract.version}"
        assert contract.status in ("supported", "deprecated")
        assert date.fromisoformat(contract.introduced)
        assert contract.compatibility in ("NONE", "BACKWARD")
    for earlier, later in pairwise(topic.contracts):
        assert earlier.introduced <= later.introduced


def test_every_contract_file_is_registered() -> None:
    registered = {contract.path.name for contract in contracts.contracts().values()}

    assert {path.name for path in (PROJECT / "schema").glob("*.v*.json")} == registered


def test_every_topic_module_is_registered() -> None:
    modules = {path.stem for path in (PROJECT / "ingest/topics").glob("*.py")} - {"__init__"}

    assert modules == {topic.name for topic in TOPICS}


def test_no_two_topics_share_a_raw_table_and_none_takes_one_of_the_ledger() -> None:
    tables = [table for topic in TOPICS for table in topic.raw_tables] + [table.name for table in ledger.TABLES]

    assert len(tables) == len(set(tables))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_declares_the_tables_that_the_registry_lists_the_parent_first(topic: contracts.Topic) -> None:
    tables = topics.topic(topic.name).tables

    assert tuple(table.name for table in tables) == topic.raw_tables
    assert tables[0].parent is None
    assert all(table.parent is tables[0] for table in tables[1:])


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_the_tables_of_a_topic_have_a_key_an_event_time_and_no_column_twice(topic: contracts.Topic) -> None:
    parent, *children = topics.topic(topic.name).tables

    names = [column.name for column in parent.all_columns]
    assert parent.key
    assert set(parent.key) <= set(names)
    assert parent.event_time in names
    for table in (parent, *children):
        names = [column.name for column in table.all_columns]
        assert len(names) == len(set(names)), table.name
        assert all(re.fullmatch(r"_?[a-z][a-z0-9_]*", name) for name in names)


@pytest.mark.parametrize("name", FORMATS)
def test_a_reader_yields_registered_topics_and_needs_only_what_it_takes_from_outside(name: str) -> None:
    found = reader(name)

    assert found.format == name
    assert found.version >= 1
    assert set(found.topics) <= set(contracts.topics())
    assert set(found.needs) <= set(found.outside)
