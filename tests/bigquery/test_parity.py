"""The same evidence in DuckDB and in BigQuery: every mart has the same rows, and a difference would be seen."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import evidence
import pytest
from differences import Differences, Rows, differences, report
from engines import PROJECT_FOLDER, BigQuery, DuckDB, Engine

pytestmark = pytest.mark.bigquery

UNTIL = datetime(2026, 3, 2, tzinfo=UTC)
MOMENTS = [datetime(2026, 3, day, 6, tzinfo=UTC) for day in (2, 3, 4)]
"""When the first evidence is loaded, when the later, and when some of it is read again."""
AS_OF = datetime(2026, 3, 4, 12, tzinfo=UTC)
CONTEXT = ("--provider", "github", "--repository", "acme/shop", "--commit", "a" * 40)
RELOADED = ("--format", "junit_xml", "--format", "openvex")

# Read before any test starts, from where the tests hide them.
LIVE = {name: value for name, value in os.environ.items() if name.startswith("CI_INTEL_BQ_")}
IS_LIVE = os.environ.get("HUB_BIGQUERY") == "live"

FLOATING: Mapping[str, frozenset[str]] = {}
"""
Columns that are the result of a floating function, by mart: the engines may round its last digits in
other ways (sums in another order, interpolated percentiles, square roots). All others are equal.
"""


@dataclass(frozen=True)
class Pair:
    """Both engines, given the same."""

    duckdb: DuckDB
    bigquery: BigQuery

    def both(self, do: Callable[[Engine], object]) -> None:
        """Do the same with both, at the same time."""
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(do, (self.duckdb, self.bigquery)))

    def marts(self) -> list[str]:
        """Return the names of all marts, as dbt knows them."""
        nodes = self.bigquery.manifest()["nodes"].values()
        return sorted(
            node["name"] for node in nodes if node["resource_type"] == "model" and node["fqn"][1] == "marts"
        )

    def different(self) -> Mapping[str, Differences]:
        """Compare every mart."""
        return {
            name: differences(
                self.duckdb.rows("marts", name),
                self.bigquery.rows("marts", name),
                floating=FLOATING.get(name, frozenset()),
            )
            for name in self.marts()
        }


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> evidence.Evidence:
    return evidence.make(tmp_path_factory.mktemp("evidence"), UNTIL.date())


@pytest.fixture(scope="module")
def bigquery_environment(request: pytest.FixtureRequest) -> Iterator[Mapping[str, str]]:
    """The variables that lead to a warehouse of its own: on the emulator, or on BigQuery (`make bigquery-live`)."""
    if not IS_LIVE:
        address = request.getfixturevalue("emulated")
        own = {"CI_INTEL_BQ_ENDPOINT": address, "CI_INTEL_BQ_PROJECT": "local", "CI_INTEL_BQ_THREADS": "4"}
        yield {**own, "CI_INTEL_BQ_DATASET": "parity"}
        return
    yield {**LIVE, "CI_INTEL_BQ_DATASET": f"{LIVE['CI_INTEL_BQ_DATASET']}_{uuid.uuid4().hex[:8]}"}


@pytest.fixture(scope="module")
def cold(
    given: evidence.Evidence, tmp_path_factory: pytest.TempPathFactory, bigquery_environment: Mapping[str, str]
) -> Iterator[Pair]:
    """Both engines after the first evidence and the first build, on BigQuery with all tests and unit tests."""
    folders = [tmp_path_factory.mktemp(name) for name in ("duckdb", "bigquery")]
    pair = Pair(DuckDB.in_folder(folders[0]), BigQuery.in_folder(folders[1], bigquery_environment))
    pair.duckdb.run_at(MOMENTS[0], "load", given.first, *CONTEXT)
    pair.bigquery.run_at(MOMENTS[0], "load", given.first, *CONTEXT, "--create-dataset")
    tests = {"dev": ["--exclude-resource-type", "unit_test", "test"], "bigquery": []}
    try:
        pair.both(lambda engine: engine.build(*tests[engine.target], as_of=AS_OF))
        yield pair
    finally:
        pair.bigquery.drop()


@pytest.fixture(scope="module")
def after_corrections(cold: Pair, given: evidence.Evidence) -> Pair:
    """Both engines after one more load, with corrections, that an incremental build has merged."""
    for engine in (cold.duckdb, cold.bigquery):
        engine.run_at(MOMENTS[1], "load", given.later, *CONTEXT)
    cold.both(_build_without_tests)
    return cold


@pytest.fixture(scope="module")
def after_reload(after_corrections: Pair) -> Pair:
    """Both engines after some of the evidence was read again."""
    for engine in (after_corrections.duckdb, after_corrections.bigquery):
        said = engine.run_at(MOMENTS[2], "reload", "--format", "junit_xml")
        assert " reloaded" in said or "loaded" in said
    after_corrections.both(_build_without_tests)
    return after_corrections


def _build_without_tests(engine: Engine) -> None:
    engine.build("--exclude-resource-type", "unit_test", "test", as_of=AS_OF)


def test_the_real_reports_were_there() -> None:
    assert evidence.CORPUS.is_dir(), f"{evidence.CORPUS} is missing: put the shared corpus there, or set HUB_CORPUS"


def test_every_mart_is_the_same_after_a_cold_build_and_none_is_empty(cold: Pair) -> None:
    found = cold.different()

    assert len(found) == len(list((PROJECT_FOLDER / "models" / "marts").rglob("*.sql"))) > 0
    assert report(found) == ""
    assert [name for name in found if not cold.duckdb.rows("marts", name).rows] == []


def test_every_mart_is_the_same_after_corrections_and_a_new_day(after_corrections: Pair) -> None:
    assert report(after_corrections.different()) == ""


def test_every_mart_is_the_same_after_a_reload(after_reload: Pair) -> None:
    assert report(after_reload.different()) == ""
