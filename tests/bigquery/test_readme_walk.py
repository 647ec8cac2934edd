"""The README's "Your data in BigQuery", walked with its own commands, on an emulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from hub import PROJECT
from walk import checkout, commands, section, walk

pytestmark = pytest.mark.bigquery
JUNIT = PROJECT / "tests/ingest/readers/fixtures/junit_xml/valid/equal_suites.xml"


def test_your_data_in_bigquery_is_there_after_the_commands_of_the_readme(tmp_path: Path, bigquery_address: str) -> None:
    folder = checkout(tmp_path)
    (folder / "reports").mkdir()
    (folder / "reports" / "junit.xml").write_bytes(JUNIT.read_bytes())
    shown = commands(section("Your data in BigQuery"))
    assert [command.split()[0] for command in shown] == ["export", "ci-intel", "dbt"]

    walked = walk(
        shown,
        folder,
        {
            "CI_INTEL_BQ_ENDPOINT": bigquery_address,
            # In a CI job, which says whose the reports are.
            "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "42",
            "GITHUB_RUN_ATTEMPT": "1", "GITHUB_SHA": "a" * 40, "GITHUB_JOB": "test",
            # The models alone: their data tests are run on the emulator beside the parity of marts, their unit tests in
            # `make googlesql`.
            "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test test",
        },
    )  # fmt: skip

    assert walked.returncode == 0, walked.stdout[-6000:] + walked.stderr[-3000:]
    client = bigquery.Client(
        project="acme-data",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": bigquery_address},
    )
    asked = "select repository, suite, suite_run_count from `acme-data.hub_marts.test_health`"
    assert [tuple(row.values()) for row in client.query_and_wait(asked)] == [("acme/shop", "smoke", 2)]
