"""The two engines behind one set of verbs: load, build, ask. Each is the real command on the real client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
from click.testing import CliRunner
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from ci_intel.cli import cli

PROJECT_FOLDER = Path(__file__).parents[2]
CLOCKS = ("ci_intel.commands.load", "ci_intel.commands.reload", "ingest.load")
"""The modules that ask what time it is while something is loaded."""


@dataclass(frozen=True)
class Rows:
    """What a table holds: the names of its columns, and its rows."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]

    def without(self, left_out: frozenset[str]) -> Rows:
        """Leave out columns, where there are such."""
        kept = [place for place, column in enumerate(self.columns) if column not in left_out]
        return Rows(
            tuple(self.columns[place] for place in kept), [tuple(row[place] for place in kept) for row in self.rows]
        )


@dataclass(frozen=True)
class Engine:
    """A warehouse of the hub, with a folder of its own for what the commands leave behind."""

    folder: Path
    target: str
    environment: Mapping[str, str]

    def run(self, *arguments: str | Path) -> str:
        """Run `ci-intel` in this process; evidence may be bad, as some of the corpus is."""
        result = CliRunner().invoke(
            cli,
            [str(argument) for argument in arguments],
            env={**self.environment, "CI_INTEL_ARCHIVE": str(self.folder / "archive")},
        )
        assert result.exit_code in (0, 1), (result.output, result.exception)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.stdout

    def run_at(self, moment: datetime, *arguments: str | Path) -> str:
        """Run `ci-intel` as if it were `moment`, also for the warehouse's clock at commit."""
        with pinned_clock(moment):
            said = self.run(*arguments)
        # What was committed earlier was given an earlier moment, so that this changes the new rows only.
        at = f"cast('{moment:%Y-%m-%d %H:%M:%S}' as timestamp)"
        self.execute(f"update {self.table('raw', 'loads')} set committed_at = {at} where committed_at > {at}")
        return said

    def dbt(self, command: str, *arguments: str, project: Path = PROJECT_FOLDER) -> subprocess.CompletedProcess[str]:
        """Run dbt in a process of its own, which may fail."""
        folders = ["--project-dir", project, "--profiles-dir", project, "--target-path", self.folder / "target"]
        logs = ["--log-path", self.folder / "logs", "--no-use-colors"]
        return subprocess.run(
            [Path(sys.executable).with_name("dbt"), command, "--target", self.target, *folders, *logs, *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def build(self, *arguments: str, as_of: datetime) -> None:
        """Run `dbt build` as if it were `as_of`; everything in it has to succeed."""
        built = self.dbt("build", "--quiet", "--vars", json.dumps({"as_of": f"{as_of:%Y-%m-%d %H:%M:%S}"}), *arguments)
        assert built.returncode == 0, f"{self.target}: {built.stdout[-6000:]}{built.stderr[-2000:]}"

    def manifest(self) -> Mapping[str, Any]:
        """Return what dbt knew of the project when it ran last."""
        manifest: Mapping[str, Any] = json.loads((self.folder / "target" / "manifest.json").read_bytes())
        return manifest

    def table(self, schema: str, name: str) -> str:
        """Return how this engine names a table."""
        raise NotImplementedError

    def execute(self, sql: str) -> None:
        """Change the warehouse behind the command's back."""
        raise NotImplementedError

    def rows(self, schema: str, name: str) -> Rows:
        """Return all of a table."""
        raise NotImplementedError


@dataclass(frozen=True)
class DuckDB(Engine):
    """DuckDB, in a file."""

    @classmethod
    def in_folder(cls, folder: Path) -> DuckDB:
        return cls(folder, "dev", {"CI_INTEL_WAREHOUSE": f"duckdb:///{folder / 'hub.duckdb'}"})

    def table(self, schema: str, name: str) -> str:
        return f"{schema}.{name}"

    @contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(str(self.folder / "hub.duckdb")) as connection:
            connection.execute("set TimeZone = 'UTC'")
            yield connection

    def execute(self, sql: str) -> None:
        with self._connected() as connection:
            connection.execute(sql)

    def rows(self, schema: str, name: str) -> Rows:
        with self._connected() as connection:
            found = connection.execute(f"select * from {self.table(schema, name)}")
            return Rows(tuple(column[0] for column in found.description), found.fetchall())


@dataclass(frozen=True)
class BigQuery(Engine):
    """BigQuery, or an emulator of it: where the environment says."""

    client: bigquery.Client = field(kw_only=True)

    @classmethod
    def in_folder(cls, folder: Path, environment: Mapping[str, str]) -> BigQuery:
        endpoint = environment.get("CI_INTEL_BQ_ENDPOINT")
        client = bigquery.Client(
            project=environment["CI_INTEL_BQ_PROJECT"],
            location=environment.get("CI_INTEL_BQ_LOCATION"),
            credentials=AnonymousCredentials() if endpoint else None,  # type: ignore[no-untyped-call]
            client_options={"api_endpoint": endpoint} if endpoint else None,
        )
        return cls(folder, "bigquery", environment, client=client)

    @property
    def dataset(self) -> str:
        """What the names of all datasets begin with."""
        return self.environment["CI_INTEL_BQ_DATASET"]

    def table(self, schema: str, name: str) -> str:
        return f"`{self.client.project}.{self.dataset}_{schema}.{name}`"

    def execute(self, sql: str) -> None:
        self.client.query(sql).result()

    def rows(self, schema: str, name: str) -> Rows:
        found = self.client.query(f"select * from {self.table(schema, name)}").result()
        columns = tuple(column.name for column in found.schema)
        return Rows(columns, [tuple(without_zone(value) for value in row.values()) for row in found])

    def drop(self) -> None:
        """Delete every dataset of this warehouse."""
        for dataset in list(self.client.list_datasets()):
            if dataset.dataset_id.startswith(f"{self.dataset}_"):
                self.client.delete_dataset(dataset.reference, delete_contents=True)


@contextmanager
def pinned_clock(moment: datetime) -> Iterator[None]:
    """Let the loader take `moment` for now."""

    class Pinned(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return moment.astimezone(tz) if tz else moment.replace(tzinfo=None)

    patches = [mock.patch(f"{module}.datetime", Pinned) for module in CLOCKS]
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def without_zone(value: Any) -> Any:
    """Return a moment as DuckDB has it: UTC, and not saying so."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value
