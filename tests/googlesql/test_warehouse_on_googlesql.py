"""Every statement of the hub's own that goes to BigQuery: analyzed, and loads run as they are."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from google.api_core.exceptions import BadRequest
from small_bigquery import HERE, SmallBigQuery

from collect.positions import KNOWN
from ingest import ledger
from ingest.tables import Table
from ingest.topics import all_topics
from ingest.warehouse.googlesql import (
    ALREADY_COMMITTED,
    TYPES,
    columns_of,
    commit_script,
    insert_sent,
    insert_uploaded,
    known_columns,
    located,
    missing,
    sent_rows,
)

pytestmark = pytest.mark.googlesql

TABLES = {table.name: table for topic in all_topics().values() for table in topic.tables}


def rows_of(table: Table, **values: object) -> pa.Table:
    """Return one row of a raw table."""
    schema = pa.schema([(column.name, _arrow(table)[column.name]) for column in columns_of(table)])
    return pa.Table.from_pylist([{column.name: values.get(column.name) for column in columns_of(table)}], schema)


def _arrow(table: Table) -> dict[str, pa.DataType]:
    schema = ledger.arrow_schema(table) if table in ledger.TABLES else table.arrow_schema
    return {field.name: field.type for field in schema}


def test_a_column_that_is_missing_is_added(prepared: SmallBigQuery) -> None:
    tables = list(TABLES.values())
    known = {
        table.name: {column.name: TYPES[column.type] for column in columns_of(table)[:-2]}
        for table in (*ledger.TABLES, *tables)
    }

    statements = missing(HERE, tables, known)

    assert len(statements) == len(known)
    for statement in statements:
        prepared.run(statement)
    assert prepared.run(known_columns(HERE)) == []


def test_the_rows_of_every_table_can_be_sent_and_uploaded(prepared: SmallBigQuery) -> None:
    for name, table in TABLES.items():
        prepared.run(insert_sent(HERE, table), {f"rows_{name}": "[]"})
        columns = ", ".join(f"{column.name} {TYPES[column.type]}" for column in columns_of(table))
        prepared.run(f"create table `local.hub_uploads.{name}` ({columns})")
        prepared.run(insert_uploaded(HERE, table, name))


def test_a_load_is_committed_once_with_the_values_that_were_sent(prepared: SmallBigQuery) -> None:
    table = TABLES["pipeline_runs"]
    started_at = datetime(2026, 2, 3, 4, 5, 6, 789012)
    sent = rows_of(
        table, run_id='a"\n\\é', run_attempt=2**62, cost_usd=0.1, is_spot=True, started_at=started_at, _load_id="l1"
    )
    loads = rows_of(ledger.LOADS, load_id="l1", generation=1, loaded_at=started_at)
    script = commit_script(HERE, [insert_sent(HERE, table)])
    parameters = {
        "load_id": "l1",
        "generation": 1,
        "rows_pipeline_runs": sent_rows([sent]),
        "rows_loads": sent_rows([loads]),
    }

    prepared.run(script, parameters)
    with pytest.raises(BadRequest, match=ALREADY_COMMITTED):
        prepared.run(script, parameters)

    columns = "run_id, run_attempt, cost_usd, is_spot, started_at, branch"
    assert prepared.run(f"select {columns} from `local.hub_raw.pipeline_runs` where _load_id = 'l1'") == [
        ('a"\n\\é', 2**62, 0.1, True, started_at.replace(tzinfo=UTC), None)
    ]
    assert prepared.run("select committed_at > timestamp '2026-01-01' from `local.hub_raw.loads`") == [(True,)]


def test_a_load_of_which_one_value_does_not_fit_leaves_nothing(prepared: SmallBigQuery) -> None:
    table = TABLES["pipeline_runs"]
    place = [column.name for column in columns_of(table)].index("run_attempt")
    row = ["not a number" if index == place else None for index in range(len(columns_of(table)))]
    script = commit_script(HERE, [insert_sent(HERE, TABLES["sboms"]), insert_sent(HERE, table)])

    with pytest.raises(BadRequest, match="not a number"):
        prepared.run(
            script,
            {
                "load_id": "l2",
                "generation": 1,
                "rows_sboms": sent_rows([rows_of(TABLES["sboms"], sbom_id="s", _load_id="l2")]),
                "rows_pipeline_runs": str([row]).replace("None", "null").replace("'", '"'),
                "rows_loads": "[]",
            },
        )

    assert prepared.run("select count(*) from `local.hub_raw.sboms` where _load_id = 'l2'") == [(0,)]


def test_how_far_a_collection_has_come_is_the_newest_mark_of_each_object(prepared: SmallBigQuery) -> None:
    table = ledger.POSITIONS
    marks = [("1 in_progress", 1, "acme/shop"), ("1 completed", 2, "acme/shop"), ("2 completed", 3, "acme/till")]
    rows = [
        rows_of(
            table,
            api_url="https://api.github.com",
            repository=repository,
            kind="run",
            name="4711",
            mark=mark,
            noted_at=datetime(2026, 2, day),
        )
        for mark, day, repository in marks
    ]
    prepared.run(insert_sent(HERE, table), {"rows_positions": sent_rows(rows)})

    found = prepared.run(located(HERE, KNOWN), {"api_url": "https://api.github.com", "repository": "acme/shop"})

    assert found == [("run", "4711", "1 completed")]
