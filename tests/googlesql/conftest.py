"""One small BigQuery on GoogleSQL's own engine for all tests of a session, with the hub's raw tables in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_bigquery import INSTALLED, SmallBigQuery

SERVER = Path(__file__).parent / "bigquery_server.py"


@pytest.fixture(scope="session")
def bigquery() -> Iterator[SmallBigQuery]:
    """GoogleSQL behind BigQuery's interface."""
    if not (INSTALLED / ".ready").exists():
        raise RuntimeError("GoogleSQL's analyzer is not installed: run `make googlesql`")
    process = subprocess.Popen(
        [INSTALLED / "venv/bin/python", SERVER, INSTALLED / "zetasql.compiled"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ""},
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "the server did not start"
        yield SmallBigQuery(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def prepared(bigquery: SmallBigQuery) -> SmallBigQuery:
    """The same, with every raw table, made by the statements that the hub makes them with."""
    for statement in bigquery.table_statements():
        bigquery.run(statement)
    return bigquery
