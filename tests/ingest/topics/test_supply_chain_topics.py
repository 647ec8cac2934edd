import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.tables import Batch, content_id, tabulate
from ingest.topics import topic

FIXTURES = Path(__file__).parents[2] / "schema" / "fixtures"
LOADED_AT = datetime(2026, 3, 4, tzinfo=UTC)
TOPICS = (
    "sbom",
    "vulnerability_scan",
    "vex",
    "verification",
    "policy_decision",
    "determinism_check",
    "cache_check",
    "canary_decision",
    "autopsy_finding",
    "evidence_bundle",
)


def rows(name: str, fixture: str = "every_field") -> dict[str, list[dict[str, Any]]]:
    """Return the rows that a valid fixture becomes, by table."""
    event = json.loads((FIXTURES / name / "v1.0" / "valid" / f"{fixture}.json").read_text())
    batch = Batch([event], [1], [event["schema"]], "load", 1, LOADED_AT, [content_id(event)])
    return {table.name: tabulate(table, batch).to_pylist() for table in topic(name).tables}


@pytest.mark.parametrize("name", TOPICS)
def test_an_event_with_every_field_leaves_no_column_of_any_table_empty(name: str) -> None:
    tables = rows(name)

    for table, of_table in tables.items():
        empty = {column for column, value in of_table[0].items() if value is None}
        assert empty == set(), table


@pytest.mark.parametrize("name", TOPICS)
def test_children_carry_the_key_and_the_ordinal_of_their_place(name: str) -> None:
    parent, *children = topic(name).tables
    tables = rows(name)
    [of_parent] = tables[parent.name]

    for child in children:
        for row in tables[child.name]:
            assert [row[column] for column in parent.key] == [of_parent[column] for column in parent.key]
            assert row["ordinal"] >= 1


def test_a_clean_scan_is_one_row_without_findings() -> None:
    tables = rows("vulnerability_scan", "clean")

    assert {name: len(of_table) for name, of_table in tables.items()} == {
        "vulnerability_scans": 1,
        "vulnerabilities": 0,
        "vulnerability_aliases": 0,
    }


@pytest.mark.parametrize(
    ("name", "field"), [("sbom", "created_at"), ("vulnerability_scan", "scanned_at"), ("vex", "timestamp")]
)
def test_a_report_without_time_is_as_old_as_its_file_and_one_with_a_time_keeps_it(name: str, field: str) -> None:
    observed = topic(name).observed

    assert observed({}, "2026-03-01T00:00:00Z")[field] == "2026-03-01T00:00:00Z"
    assert observed({field: "2026-02-01T00:00:00Z"}, "2026-03-01T00:00:00Z")[field] == "2026-02-01T00:00:00Z"


def test_a_statement_that_inherits_its_time_expires_before_the_document_was_made() -> None:
    event = {"timestamp": "2026-03-02T00:00:00Z", "statements": [{"expires_at": "2026-03-01T00:00:00Z"}]}

    [violation] = topic("vex").contradictions(event)

    assert violation.pointer == "/statements/0/expires_at"
