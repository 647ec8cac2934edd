"""
GoogleSQL: the statements that the hub sends to BigQuery, as text.

Pure functions of what the topics declare, so that an analyzer can read every one of them without
a connection. Names come from declarations and from a checked address, never from evidence; values
are bound as parameters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ci_intel.errors import WarehouseUnavailable
from ingest import ledger
from ingest.tables import ARROW, Column, Table, Type

TYPES = {
    Type.STRING: "STRING",
    Type.INTEGER: "INT64",
    Type.FLOAT: "FLOAT64",
    Type.BOOLEAN: "BOOL",
    Type.TIMESTAMP: "TIMESTAMP",
}
ALREADY_COMMITTED = "ci-intel: this load is already committed"

# A load is looked up by its id, at any time: clusters find it, whereas days would each be opened.
_UNPARTITIONED = (ledger.LOADS, ledger.TOPICS)
_CLUSTERED_BY = ("load_id", "repository", "_load_id")
_URL = re.compile(r"bigquery://(?P<project>[A-Za-z0-9][A-Za-z0-9.:-]*)/(?P<dataset>[A-Za-z0-9_]+)")
_SCHEMA = re.compile(r"\b(raw|marts)\.([a-z_]+)")


@dataclass(frozen=True)
class Address:
    """Where a warehouse is: a project, and what the names of its datasets begin with."""

    project: str
    dataset: str

    def dataset_of(self, schema: str) -> str:
        """Return the dataset that a schema is, such as `hub_raw`."""
        return f"{self.dataset}_{schema}"

    def table(self, schema: str, name: str) -> str:
        """Return a table's whole name, quoted."""
        return f"`{self.project}.{self.dataset_of(schema)}.{name}`"


def address_of(url: str) -> Address:
    """Return where `bigquery://project/dataset` is. Raises `WarehouseUnavailable` for any other URL."""
    found = _URL.fullmatch(url)
    if found is None:
        raise WarehouseUnavailable(f"not a warehouse: {url!r}; write bigquery://project/dataset")
    return Address(found["project"], found["dataset"])


def columns_of(table: Table) -> Sequence[Column]:
    """Return the columns of a raw table; the hub's own tables have none of the loader's."""
    return table.own_columns if table in ledger.TABLES else table.all_columns


def known_columns(address: Address) -> str:
    """Return the query for what the raw tables have: table_name, column_name, data_type."""
    schema = address.table("raw", "INFORMATION_SCHEMA").removesuffix("`") + ".COLUMNS`"
    return f"select table_name, column_name, data_type from {schema}"


def missing(address: Address, tables: Sequence[Table], known: Mapping[str, Mapping[str, str]]) -> Sequence[str]:
    """
    Return the statements that create what is missing of `tables`; additive, in order.

    `known` has the type of each column of each table that is there. Raises `WarehouseUnavailable`
    for a column whose type is another.
    """
    return [
        statement
        for table in (*ledger.TABLES, *tables)
        for statement in (
            _missing_columns(address, table, known[table.name])
            if table.name in known
            else [_create_table(address, table)]
        )
    ]


def _create_table(address: Address, table: Table) -> str:
    columns = columns_of(table)
    declared = ",\n    ".join(f"{column.name} {TYPES[column.type]}" for column in columns)
    statement = f"create table if not exists {address.table('raw', table.name)} (\n    {declared}\n)"
    if table not in _UNPARTITIONED:
        statement += f"\npartition by timestamp_trunc({partition_column(table)}, day)"
    clusters = [name for name in _CLUSTERED_BY if name in {column.name for column in columns}]
    if clusters:
        statement += f"\ncluster by {', '.join(clusters)}"
    if table not in ledger.TABLES:
        statement += "\noptions (require_partition_filter = true)"
    return statement


def partition_column(table: Table) -> str:
    """Return the column by whose day a raw table is partitioned."""
    return str(table.event_time) if table in ledger.TABLES else "_loaded_at"


def _missing_columns(address: Address, table: Table, known: Mapping[str, str]) -> Sequence[str]:
    added = []
    for column in columns_of(table):
        wanted = TYPES[column.type]
        if known.get(column.name, wanted) != wanted:
            raise WarehouseUnavailable(
                f"{address.table('raw', table.name)}: {column.name} is {known[column.name]}, but this version of "
                f"the hub writes {wanted}; load into a new dataset"
            )
        if column.name not in known:
            added.append(f"add column if not exists {column.name} {wanted}")
    return [f"alter table {address.table('raw', table.name)}\n    {', '.join(added)}"] if added else []


def insert_sent(address: Address, table: Table, computed: Mapping[str, str] | None = None) -> str:
    """
    Return the insert of rows that are sent along as the parameter `@rows_<table>` (see `sent_rows`).

    `computed` has expressions for columns that the warehouse itself fills.
    """
    columns = columns_of(table)
    values = [
        (computed or {}).get(column.name) or _read_from_text(f"json_value(sent_row, '$[{place}]')", column.type)
        for place, column in enumerate(columns)
    ]
    return _insert(address, table, values, f"unnest(json_query_array({sent_parameter(table)})) as sent_row")


def insert_uploaded(address: Address, table: Table, upload: str) -> str:
    """Return the insert of rows that were uploaded to a table of their own."""
    names = [column.name for column in columns_of(table)]
    return _insert(address, table, names, address.table("uploads", upload))


def _insert(address: Address, table: Table, values: Sequence[str], origin: str) -> str:
    names = ", ".join(column.name for column in columns_of(table))
    selected = ",\n    ".join(values)
    return f"insert into {address.table('raw', table.name)} ({names})\nselect\n    {selected}\nfrom {origin}"


def _read_from_text(text: str, data_type: Type) -> str:
    return text if data_type is Type.STRING else f"cast({text} as {TYPES[data_type]})"


def sent_parameter(table: Table) -> str:
    """Return the parameter in which rows of a table are sent along."""
    return f"@rows_{table.name}"


def sent_rows(rows: Sequence[pa.Table]) -> str:
    """
    Write rows as a JSON list of lists, in the order of their columns; each value is text or null.

    Text keeps what JSON's numbers would lose: all 64 bits, and the shortest digits of a double.
    """
    return orjson.dumps([row for batch in rows for row in zip(*_as_texts(batch), strict=True)]).decode()


def _as_texts(batch: pa.Table) -> Sequence[Sequence[str | None]]:
    moment = ARROW[Type.TIMESTAMP]
    return [
        pc.strftime(column, "%Y-%m-%d %H:%M:%S+00").to_pylist()
        if column.type == moment
        else column.cast(pa.string()).to_pylist()
        for column in batch.columns
    ]


def commit_script(address: Address, inserts: Sequence[str]) -> str:
    """
    Return the script that makes a load visible: all its rows and its ledger's row, or nothing.

    It is one transaction of appends only, so that loads do not wait for one another. An error ends
    it, and BigQuery rolls it back. The ledger's row is inserted last, with the warehouse's clock.
    """
    loads = address.table("raw", ledger.LOADS.name)
    computed = {"committed_at": "current_timestamp()"}
    statements = [*inserts, insert_sent(address, ledger.LOADS, computed)]
    return "\n".join(
        [
            f"if exists (select 1 from {loads} where load_id = @load_id and generation = @generation) then",
            f"    raise using message = '{ALREADY_COMMITTED}';",
            "end if;",
            "begin transaction;",
            *(f"{statement};" for statement in statements),
            "commit transaction;",
        ]
    )


def located(address: Address, sql: str) -> str:
    """Return a query over `raw.<table>` and `marts.<table>` with `$parameters`, as BigQuery spells them."""
    return _SCHEMA.sub(lambda match: address.table(match[1], match[2]), sql).replace("$", "@")
