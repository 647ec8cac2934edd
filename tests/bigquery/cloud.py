"""A hub of its own for each test: the real command, with the real client, on an emulated BigQuery."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from hub import Hub

PROJECT = "local"


@dataclass(frozen=True)
class Cloud(Hub):
    """The command, at work on datasets of its own. `endpoint` is the emulator, or a proxy before it."""

    endpoint: str = ""
    emulator: str = ""
    dataset: str = field(default_factory=lambda: f"hub_{uuid.uuid4().hex[:12]}")

    @property
    def environment(self) -> dict[str, str]:
        """Where the warehouse is, and an archive beside nothing."""
        return {
            "CI_INTEL_BQ_PROJECT": PROJECT,
            "CI_INTEL_BQ_DATASET": self.dataset,
            "CI_INTEL_BQ_ENDPOINT": self.endpoint or self.emulator,
            "CI_INTEL_ARCHIVE": str(self.folder / "archive"),
        }

    @property
    def client(self) -> bigquery.Client:
        """A client that goes round the proxy."""
        return bigquery.Client(
            project=PROJECT, credentials=AnonymousCredentials(), client_options={"api_endpoint": self.emulator}
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query; `raw.x` is the table x of this hub's own dataset."""
        named = sql.replace("raw.", f"{self.dataset}_raw.").replace("marts.", f"{self.dataset}_marts.")
        with self.client as client:
            return [tuple(row.values()) for row in client.query_and_wait(named)]

    def execute(self, sql: str) -> None:
        """Change the warehouse behind the command's back."""
        self.rows(sql)

    def tables(self, schema: str) -> set[str]:
        """Return the names of the tables and views of a schema."""
        with self.client as client:
            return {table.table_id for table in client.list_tables(f"{self.dataset}_{schema}")}

    def empty(self) -> None:
        """Remove all that these tests load."""
        for table in ("loads", "load_topics", "rejects", "refusals", "policy_decisions"):
            self.execute(f"truncate table raw.{table}")
        with self.client as client:
            for upload in self.tables("uploads"):
                client.delete_table(f"{self.dataset}_uploads.{upload}")
