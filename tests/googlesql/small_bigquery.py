"""The client's side: statements and dbt commands against the server, and DuckDB beside it."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from ingest.topics import all_topics
from ingest.warehouse.googlesql import Address, missing

PROJECT_FOLDER = Path(__file__).parents[2]
INSTALLED = PROJECT_FOLDER / ".cache" / "googlesql"
HERE = Address("local", "hub")
_TYPES = {bool: "BOOL", int: "INT64", str: "STRING"}


@dataclass(frozen=True)
class SmallBigQuery:
    """A running server."""

    endpoint: str

    def run(self, sql: str, parameters: Mapping[str, str | int] | None = None) -> list[tuple[Any, ...]]:
        """Run a statement or script; return its rows. Raises `google.api_core.exceptions.BadRequest`."""
        bound = [
            bigquery.ScalarQueryParameter(name, _TYPES[type(value)], value)
            for name, value in (parameters or {}).items()
        ]
        with bigquery.Client(
            project=HERE.project, credentials=AnonymousCredentials(), client_options={"api_endpoint": self.endpoint}
        ) as client:
            job = client.query(sql, bigquery.QueryJobConfig(query_parameters=bound), job_retry=None)
            return [tuple(row.values()) for row in job.result(job_retry=None)]

    def table_statements(self) -> Sequence[str]:
        """Return the statements that create all raw tables."""
        return missing(HERE, [table for topic in all_topics().values() for table in topic.tables], {})

    def asked(self, what: str) -> Any:
        """Return what the server remembers: `functions` or `statements`."""
        with urllib.request.urlopen(f"{self.endpoint}/googlesql/{what}") as answer:
            return json.load(answer)

    def dbt(self, *arguments: str, project: Path = PROJECT_FOLDER, target: Path) -> list[dict[str, Any]]:
        """Run one dbt command on the server; return the result of each node, whatever it was."""
        command, *rest = arguments
        environment = {
            **os.environ,
            "CI_INTEL_BQ_ENDPOINT": self.endpoint,
            "CI_INTEL_BQ_PROJECT": HERE.project,
            "CI_INTEL_BQ_DATASET": HERE.dataset,
            "CI_INTEL_BQ_THREADS": "1",
        }
        folders = ["--project-dir", project, "--profiles-dir", PROJECT_FOLDER, "--target-path", target]
        finished = subprocess.run(
            ["dbt", "--quiet", command, *folders, "--log-path", target, "--target", "bigquery", *rest],
            env=environment,
            capture_output=True,
            text=True,
            timeout=1800,
        )
        report = target / "run_results.json"
        assert report.exists(), finished.stdout + finished.stderr
        results: list[dict[str, Any]] = json.loads(report.read_text())["results"]
        report.unlink()
        return results


def faults(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what did not pass, and why. A skipped node counts: nothing was proved of it. An exposure runs nothing."""
    return [
        f"{each['unique_id']}: {each['message']}"
        for each in results
        if each["status"] not in ("success", "pass") and not each["unique_id"].startswith("exposure.")
    ]
