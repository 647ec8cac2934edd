from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.tables import (
    SELF,
    Batch,
    Table,
    Type,
    boolean,
    child,
    content_id,
    integer,
    joined,
    number,
    string,
    tabulate,
    timestamp,
)

AT = datetime(2026, 2, 3, 10, tzinfo=UTC)
THINGS = Table(
    "things",
    key=("provider", "thing_id"),
    event_time="seen_at",
    versioned_by="updated_at",
    columns=(
        string("provider", default="hub"),
        string("thing_id", "id"),
        timestamp("seen_at"),
        boolean("is_good", "flags.good"),
        number("size_ratio", "flags.size.ratio"),
        joined("labels"),
    ),
)
PARTS = child(THINGS, "parts", "parts", [string("part_name", "name"), integer("count")])
NOTES = child(THINGS, "part_notes", "parts[].notes", [string("note", SELF)])
MAP = child(THINGS, "part_map", "parts[].map", [string("key"), string("value")])
REPORTS = Table(
    "reports", key=("report_id",), content_key="report_id", event_time="seen_at", columns=(timestamp("seen_at"),)
)


def rows(table: Table, *events: dict[str, Any]) -> list[dict[str, Any]]:
    ids = [content_id(event) for event in events]
    batch = Batch(events, [3, 5, 8][: len(events)], ["thing.v1.0"] * len(events), "load", 2, AT, ids)
    return tabulate(table, batch).to_pylist()  # type: ignore[no-any-return]


def test_a_missing_field_is_null_and_a_missing_key_is_its_default() -> None:
    [row] = rows(THINGS, {"id": "a"})

    assert row == {
        "provider": "hub", "thing_id": "a", "seen_at": None, "is_good": None, "size_ratio": None, "labels": None,
        "_load_id": "load", "_generation": 2, "_event_id": "load:2:3", "_source_line": 3, "_contract": "thing.v1.0",
        "_emitted_at": None, "_loaded_at": AT.replace(tzinfo=None),
    }  # fmt: skip


def test_values_come_from_their_paths_and_zero_and_false_are_not_null() -> None:
    [row, empty] = rows(
        THINGS,
        {"id": "a", "seen_at": "2026-02-03T10:00:00Z", "flags": {"good": False, "size": {"ratio": 0}}},
        {"id": "b", "flags": {"size": None}},
    )

    assert (row["is_good"], row["size_ratio"], row["seen_at"]) == (False, 0.0, AT.replace(tzinfo=None))
    assert (empty["is_good"], empty["size_ratio"]) == (None, None)


@pytest.mark.parametrize(
    ("labels", "cell"),
    [(None, None), ([], ""), (["b", "a"], "a\nb"), (["a\nb", "c"], "a\\nb\nc")],
)
def test_a_joined_list_is_sorted_one_element_a_line_and_no_list_is_null(labels: Any, cell: str | None) -> None:
    [row] = rows(THINGS, {"id": "a", "labels": labels})

    assert row["labels"] == cell


def test_a_child_has_the_key_and_time_of_its_parent_and_its_ordinal() -> None:
    found = rows(
        PARTS,
        {"id": "a", "seen_at": "2026-02-03T10:00:00Z", "parts": [{"name": "x", "count": 1}, {"name": "y"}]},
        {"id": "b", "parts": []},
        {"id": "c", "provider": "p", "parts": [{"name": "z"}]},
    )

    assert [
        (row["provider"], row["thing_id"], row["ordinal"], row["part_name"], row["count"], row["_event_id"])
        for row in found
    ] == [
        ("hub", "a", 1, "x", 1, "load:2:3"),
        ("hub", "a", 2, "y", None, "load:2:3"),
        ("p", "c", 1, "z", None, "load:2:8"),
    ]
    assert [row["seen_at"] for row in found] == [AT.replace(tzinfo=None)] * 2 + [None]


def test_lists_and_maps_inside_of_elements_keep_the_ordinal_of_their_element() -> None:
    event = {
        "id": "a",
        "parts": [{"notes": ["n", "m"]}, {"map": {"k": "v", "t": True, "n": 1.5, "z": None}}, {"notes": ["o"]}],
    }

    assert [(row["ordinal"], row["note"]) for row in rows(NOTES, event)] == [(1, "n"), (1, "m"), (3, "o")]
    assert [(row["ordinal"], row["key"], row["value"]) for row in rows(MAP, event)] == [
        (2, "k", "v"),
        (2, "t", "true"),
        (2, "n", "1.5"),
        (2, "z", None),
    ]


def test_a_version_is_as_old_as_it_says_and_else_as_its_own_time_of_update() -> None:
    found = rows(
        THINGS,
        {"id": "a", "emitted_at": "2026-02-03T10:00:00Z", "updated_at": "2026-02-03T09:00:00Z"},
        {"id": "b", "updated_at": "2026-02-03T09:00:00Z"},
        {"id": "c"},
    )

    assert [row["_emitted_at"] and row["_emitted_at"].hour for row in found] == [10, 9, None]


def test_a_report_is_known_by_its_content_whatever_the_order_of_its_fields() -> None:
    first, second, third = rows(REPORTS, {"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1}, {"b": [2, 1], "a": 1})

    assert first["report_id"] == second["report_id"] != third["report_id"]
    assert len(first["report_id"]) == 64


def test_no_event_is_no_row_of_the_right_columns() -> None:
    table = tabulate(PARTS, Batch([], [], [], "load", 1, AT))

    assert table.num_rows == 0
    assert table.schema == PARTS.arrow_schema
    assert {column.type for column in THINGS.all_columns} <= set(Type)
