"""
BigQuery: a warehouse beyond one machine, that many jobs load into at once.

A load is one query job: a transaction that appends its rows to their tables and, last, its row to
the ledger. Few rows are sent along with it; many are first uploaded to tables of their own, which
nobody reads and which expire. The job's id derives from the load's, so that whoever sends it again
finds it done. See docs/bigquery.md for the quotas behind this.
"""

from __future__ import annotations

import json
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from google.api_core import exceptions as api
from google.api_core.client_options import ClientOptions
from google.auth import exceptions as auth
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from pyarrow import parquet

from ci_intel import __version__, faults
from ci_intel.errors import WarehouseUnavailable
from ingest import ledger
from ingest.tables import ARROW, Table, Type
from ingest.warehouse import NEWEST_GENERATION, NO_PARAMETERS, AlreadyCommitted, Row
from ingest.warehouse.googlesql import (
    ALREADY_COMMITTED,
    TYPES,
    address_of,
    columns_of,
    commit_script,
    insert_sent,
    insert_uploaded,
    known_columns,
    located,
    missing,
    sent_rows,
)
from ingest.warehouse.jobs import NO_RETRY, HeldByAnother, JobFailed, Jobs, first_line

KEPT_BYTES = 4_000_000
"""How much of a load is kept in memory; what is more cannot be sent along either."""
SENT_BYTES = 900_000
"""The longest text of a table's rows that is sent along; a value of a script may have 1 MB."""
REQUEST_BYTES = 8_000_000
"""The longest request; BigQuery takes 10 MB. Texts are quoted in it, which may make them several times longer."""
UPLOAD_HOURS = 24
MARK = "ci_intel_tables"
"""The label of the raw dataset that says for which declarations its tables were made."""
LOADS_AT_ONCE = 8
_PYTHON_TYPES = {bool: "BOOL", int: "INT64", float: "FLOAT64", str: "STRING", datetime: "TIMESTAMP"}


class BigQueryWarehouse:
    """
    The raw tables in the dataset `<dataset>_raw`; uploads pass through `<dataset>_uploads`.

    `deadline` is for how many seconds BigQuery may be unreachable or busy. `endpoint` is the
    address of an emulator, which is spoken to without credentials. Who only reads needs no more
    than the datasets of the query. Raises `WarehouseUnavailable`
    if the datasets are not there (and `creates_datasets` is not asked for) or somewhere else than
    `location`.
    """

    def __init__(
        self,
        url: str,
        *,
        location: str | None = None,
        endpoint: str | None = None,
        deadline: float = 120.0,
        creates_datasets: bool = False,
        is_read_only: bool = False,
    ) -> None:
        self.url = url
        self.address = address_of(url)
        self.loads_at_once = LOADS_AT_ONCE
        self._deadline = deadline
        self.client = self._connected(endpoint)
        self._raw: bigquery.Dataset | None = None
        self.jobs = Jobs(self.client, location, url, deadline)
        if creates_datasets:
            self._create_datasets(location)
        if not is_read_only:
            self.jobs = Jobs(self.client, self._location_as_it_is(location), url, deadline)

    def _connected(self, endpoint: str | None) -> bigquery.Client:
        options = ClientOptions(api_endpoint=endpoint) if endpoint else None
        try:
            return bigquery.Client(
                project=self.address.project,
                credentials=AnonymousCredentials() if endpoint else None,  # type: ignore[no-untyped-call]
                client_options=options,
            )
        except auth.GoogleAuthError as error:
            raise WarehouseUnavailable(
                f"{self.url}: no Google credentials; in CI use workload identity, on a desk "
                f"`gcloud auth application-default login` (docs/bigquery.md)"
            ) from error

    def _create_datasets(self, location: str | None) -> None:
        for schema in ("raw", "uploads"):
            dataset = bigquery.Dataset(f"{self.address.project}.{self.address.dataset_of(schema)}")
            dataset.location = location
            dataset.labels = {"tool": "ci-intel"}
            if schema == "uploads":
                dataset.default_table_expiration_ms = UPLOAD_HOURS * 3_600_000
            self._create(dataset)

    def _create(self, dataset: bigquery.Dataset) -> None:
        self.jobs.call(lambda: self.client.create_dataset(dataset, exists_ok=True, retry=NO_RETRY))

    def _location_as_it_is(self, wanted: str | None) -> str | None:
        name = self.address.dataset_of("raw")

        def known() -> bigquery.Dataset:
            try:
                return self.client.get_dataset(name, retry=NO_RETRY)
            except api.NotFound as error:
                raise WarehouseUnavailable(
                    f"{self.url}: there is no dataset {name} in {self.address.project}; "
                    "create it with --create-dataset (CI_INTEL_BQ_LOCATION says where), or check the name"
                ) from error

        self._raw = self.jobs.call(known)
        location: str | None = self._raw.location
        if wanted and location and wanted.lower() != location.lower():
            raise WarehouseUnavailable(
                f"{self.url}: the dataset {name} is in {location}, but CI_INTEL_BQ_LOCATION is {wanted}; "
                "a dataset cannot be moved: correct the variable, or name another dataset"
            )
        return location or wanted

    def plan(self, tables: Sequence[Table]) -> Sequence[str]:
        """Return `create` and `alter … add column` statements for what is missing; a changed type is an error."""
        known: dict[str, dict[str, str]] = {}
        for row in self.jobs.query(known_columns(self.address)):
            known.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
        return missing(self.address, tables, known)

    def extend(self, tables: Sequence[Table]) -> Sequence[str]:
        """Create what is missing; each statement does nothing where another loader was faster."""
        statements = self.plan(tables)
        if statements:
            self.jobs.query(";\n".join(statements))
        return statements

    def mark(self) -> str | None:
        """Return the mark of the raw dataset, which came with its location."""
        return None if self._raw is None else self._raw.labels.get(MARK)

    def mark_as(self, mark: str) -> None:
        """Mark the raw dataset; who may not (bigquery.dataEditor may not) leaves it to who may."""
        if self._raw is not None and self.mark() != mark:
            self._raw.labels[MARK] = mark
            with suppress(api.GoogleAPICallError, OSError):
                self.client.update_dataset(self._raw, ["labels"], retry=NO_RETRY, timeout=10)

    def newest_generation(self, load_id: str) -> Row | None:
        """Return the ledger's row of the newest generation of a load."""
        rows = self.query(NEWEST_GENERATION, {"load_id": load_id})
        return rows[0] if rows else None

    @contextmanager
    def loading(self) -> Iterator[BigQueryLoad]:
        """Open a load. Until it commits, nothing of it is in the raw tables."""
        with tempfile.TemporaryDirectory(prefix="ci-intel-") as folder:
            yield BigQueryLoad(self, Path(folder))

    def note(self, table: str, rows: pa.Table) -> None:
        """Append rows of one of the ledger's tables."""
        [noted] = [known for known in ledger.TABLES if known.name == table]
        try:
            self.jobs.run_once(
                f"ci_intel_note_{uuid.uuid4().hex}", insert_sent(self.address, noted), [_rows_parameter(noted, sent_rows([rows]))]
            )
        except JobFailed as failure:
            raise WarehouseUnavailable(f"{self.url}: refused: {first_line(failure)}") from failure

    def query(self, sql: str, parameters: Mapping[str, Any] = NO_PARAMETERS) -> Sequence[Row]:
        """Return the rows of a query; moments come as UTC without a zone, as they do from DuckDB."""
        bound = [bigquery.ScalarQueryParameter(name, _PYTHON_TYPES[type(value)], value) for name, value in parameters.items()]
        return [
            {name: _without_zone(value) for name, value in row.items()}
            for row in self.jobs.query(located(self.address, sql), bound)
        ]

    def close(self) -> None:
        """Close the connections."""
        self.client.close()  # type: ignore[no-untyped-call]


class BigQueryLoad:
    """One load: its rows are kept here, or aside on the disk, until it commits."""

    def __init__(self, warehouse: BigQueryWarehouse, folder: Path) -> None:
        self._warehouse = warehouse
        self._folder = folder
        self._kept: dict[str, list[pa.Table]] = {}
        self._kept_bytes = 0
        self._aside: dict[str, parquet.ParquetWriter] = {}

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a raw table."""
        if not rows.num_rows:
            return
        self._kept.setdefault(table, []).append(rows)
        self._kept_bytes += rows.nbytes
        if self._aside or self._kept_bytes > KEPT_BYTES:
            self._put_aside()
        faults.point("after_append")

    def _put_aside(self) -> None:
        for table, batches in self._kept.items():
            for batch in batches:
                zoned = _zoned(batch)
                if table not in self._aside:
                    self._aside[table] = parquet.ParquetWriter(self._path_of(table), zoned.schema, compression="zstd")
                self._aside[table].write_table(zoned)
        self._kept, self._kept_bytes = {}, 0

    def _path_of(self, table: str) -> Path:
        return self._folder / f"{table}.parquet"

    def commit(self, row: Row) -> None:
        """Make the load visible, once. Raises `AlreadyCommitted` if another loader was faster."""
        sent = {table: sent_rows(batches) for table, batches in self._kept.items()}
        if self._aside or not _can_be_sent(sent.values()):
            self._put_aside()
            sent = {}
        name = f"{row['load_id']}_{row['generation']}"
        uploads = self._uploaded(name)
        try:
            self._commit(row, name, sent, uploads)
        finally:
            self._delete(uploads.values())
        faults.point("after_commit")

    def _commit(self, row: Row, name: str, sent: Mapping[str, str], uploads: Mapping[str, str]) -> None:
        address, tables = self._warehouse.address, _tables()
        ledger_row = pa.Table.from_pylist([{**row, "committed_at": None}], schema=ledger.arrow_schema(ledger.LOADS))
        inserts = [insert_sent(address, tables[table]) for table in sent]
        inserts += [insert_uploaded(address, tables[table], upload) for table, upload in uploads.items()]
        parameters = [
            bigquery.ScalarQueryParameter("load_id", "STRING", row["load_id"]),
            bigquery.ScalarQueryParameter("generation", "INT64", row["generation"]),
            _rows_parameter(ledger.LOADS, sent_rows([ledger_row])),
            *(_rows_parameter(tables[table], rows) for table, rows in sent.items()),
        ]
        faults.point("before_commit")
        try:
            finished = self._warehouse.jobs.run_once(
                f"ci_intel_load_{address.dataset}_{name}",
                commit_script(address, inserts),
                parameters,
                holds=lambda: self._is_committed(row),
            )
        except JobFailed as failure:
            if ALREADY_COMMITTED in failure.message:
                raise AlreadyCommitted from failure
            raise WarehouseUnavailable(
                f"{self._warehouse.url}: the warehouse refused: {first_line(failure)}; nothing was written"
            ) from failure
        except HeldByAnother:
            self._wait_for_another(row)
            raise AlreadyCommitted from None
        if not finished.is_ours:
            raise AlreadyCommitted

    def _is_committed(self, row: Row) -> bool:
        known = self._warehouse.newest_generation(row["load_id"])
        return known is not None and bool(known["generation"] >= row["generation"])

    def _wait_for_another(self, row: Row) -> None:
        """Wait until the job of another account shows in the ledger."""
        ends_at = time.monotonic() + self._warehouse._deadline
        while not self._is_committed(row):
            if time.monotonic() > ends_at:
                raise WarehouseUnavailable(
                    f"{self._warehouse.url}: another account is committing the same load; try again later"
                )
            time.sleep(1)

    def _uploaded(self, name: str) -> Mapping[str, str]:
        """Upload what was put aside; return the upload table of each raw table."""
        uploads: dict[str, str] = {}
        try:
            for table, writer in self._aside.items():
                writer.close()
                upload = f"{name}_{uuid.uuid4().hex}_{table}"
                uploads[table] = upload
                self._upload(table, upload)
                faults.point("after_upload")
        except BaseException:
            self._delete(uploads.values())
            raise
        return uploads

    def _upload(self, table: str, upload: str) -> None:
        warehouse = self._warehouse
        reference = bigquery.DatasetReference(
            warehouse.address.project, warehouse.address.dataset_of("uploads")
        ).table(upload)
        created = bigquery.Table(
            reference,
            schema=[bigquery.SchemaField(column.name, TYPES[column.type]) for column in columns_of(_tables()[table])],
        )
        created.expires = datetime.now(UTC) + timedelta(hours=UPLOAD_HOURS)
        warehouse.jobs.call(lambda: warehouse.client.create_table(created, exists_ok=True, retry=NO_RETRY))
        try:
            warehouse.jobs.load_once(f"ci_intel_upload_{upload}", self._path_of(table), reference)
        except JobFailed as failure:
            raise WarehouseUnavailable(
                f"{warehouse.url}: an upload was refused: {first_line(failure)}; nothing was written"
            ) from failure

    def _delete(self, uploads: Iterable[str]) -> None:
        """Remove what is no longer needed; what cannot be removed expires."""
        for upload in uploads:
            name = f"{self._warehouse.address.project}.{self._warehouse.address.dataset_of('uploads')}.{upload}"
            with suppress(api.GoogleAPICallError, OSError):
                self._warehouse.client.delete_table(name, not_found_ok=True, retry=NO_RETRY, timeout=10)


def _tables() -> Mapping[str, Table]:
    from ingest import topics

    declared = (table for topic in topics.all_topics().values() for table in topic.tables)
    return {table.name: table for table in (*ledger.TABLES, *declared)}


def _can_be_sent(texts: Iterable[str]) -> bool:
    quoted = [(len(text.encode()), len(json.dumps(text))) for text in texts]
    return all(size <= SENT_BYTES for size, _ in quoted) and sum(size for _, size in quoted) <= REQUEST_BYTES


def _rows_parameter(table: Table, rows: str) -> bigquery.ScalarQueryParameter:
    return bigquery.ScalarQueryParameter(f"rows_{table.name}", "STRING", rows)


def _zoned(rows: pa.Table) -> pa.Table:
    """Say that moments are UTC: without a zone, BigQuery would take them for local times (DATETIME)."""
    moment = ARROW[Type.TIMESTAMP]
    fields = [
        pa.field(field.name, pa.timestamp("us", "UTC") if field.type == moment else field.type)
        for field in rows.schema
    ]
    return rows.cast(pa.schema(fields))


def _without_zone(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value
