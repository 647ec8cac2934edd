"""
Current models after any history equal a full rebuild, row for row.

Each history is delivered file by file, with incremental builds in between; then everything is
built anew from the raw tables, and compared.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from dbt_project import run_dbt
from histories import CASES, History, is_typo
from polars.testing import assert_frame_equal

from ci_intel.contracts import Violation
from ingest import evidence, load, topics
from ingest.archive import Archive
from ingest.warehouse.duckdb import DuckDBWarehouse

DELIVERIES = 28
HISTORIES = 1
INCREMENTAL = "int_*_current,config.materialized:incremental"
FIRST_SEED = 20260201


@pytest.mark.parametrize("block", [0, *(pytest.param(block, marks=pytest.mark.torture) for block in range(1, 21))])
def test_incremental_current_models_equal_a_full_rebuild_after_any_history(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: Counter[str] = Counter()
    for seed in range(FIRST_SEED + HISTORIES * block, FIRST_SEED + HISTORIES * (block + 1)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        seen += play(seed, folder, monkeypatch)

    assert [case for case in CASES if not seen[case]] == [], "the histories missed a case"


def play(seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Play one history, compare, and say which cases it hit."""
    database = folder / "hub.duckdb"
    history = History(seed, folder)
    chance = random.Random(seed)
    monkeypatch.setenv("CI_INTEL_WAREHOUSE", f"duckdb:///{database}")
    for number, (path, moment) in enumerate(history.deliveries(DELIVERIES)):
        with opened(database) as warehouse:
            deliver(path, moment, warehouse, folder)
            if number == DELIVERIES // 2:
                history.seen["reload"] += reload_some(warehouse, folder, chance)
            if number == DELIVERIES - 2:
                history.seen["reload that rejects what was good"] += reload_fixed(warehouse, folder, monkeypatch)
        if number == 0:
            run_dbt("run", "--select", "staging", "int_*_current")
        elif chance.random() < 0.15 or number == DELIVERIES - 1:
            run_dbt("run", "--select", INCREMENTAL)
    incremental = current_models(database)

    run_dbt("run", "--full-refresh", "--select", INCREMENTAL)

    rebuilt = current_models(database)
    assert incremental.keys() == rebuilt.keys()
    assert sum(frame.height for frame in rebuilt.values()) > 0
    for name, frame in incremental.items():
        assert_same(frame, rebuilt[name], f"{name}, seed {seed}")
    assert_versions_won(database)
    return history.seen


def deliver(path: Path, moment: datetime, warehouse: DuckDBWarehouse, folder: Path) -> None:
    with evidence.opened(path, evidence.Limits()) as opened_file:
        report = load.load_file(opened_file, warehouse, options(folder), now=moment)
    assert report.status in ("loaded", "duplicate"), report
    assert report.rejected == 0, report.rejects
    assert report.events == report.loaded + report.rejected + report.duplicate


def reload_some(warehouse: DuckDBWarehouse, folder: Path, chance: random.Random) -> int:
    ledger = newest_loads(warehouse)
    chosen = chance.sample(ledger, min(3, len(ledger)))
    for row in chosen:
        reloaded(row, warehouse, folder)
    return len(chosen)


def reload_fixed(warehouse: DuckDBWarehouse, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Read everything again with a gate that finds fault with some events: they have to go, and only they."""
    known = topics.topic

    def stricter(name: str) -> topics.Topic:
        topic = known(name)

        def contradictions(event: Mapping[str, Any]) -> Iterator[Violation]:
            yield from topic.contradictions(event)
            if is_typo(event):
                yield Violation("", "a typo")

        return dataclasses.replace(topic, contradictions=contradictions)

    rejected = 0
    with monkeypatch.context() as patched:
        patched.setattr(topics, "topic", stricter)
        for row in newest_loads(warehouse)[:12]:
            rejected += reloaded(row, warehouse, folder)
    return rejected


def reloaded(row: Mapping[str, Any], warehouse: DuckDBWarehouse, folder: Path) -> int:
    with Archive(folder / "archive").content(row["content_sha256"]) as content:
        report = load.reload_file(content, row, warehouse, options(folder), now=datetime.now(UTC))
    assert report.status == "loaded", report
    return report.rejected


def newest_loads(warehouse: DuckDBWarehouse) -> list[Mapping[str, Any]]:
    return list(
        warehouse.query(
            "select * from raw.loads "
            "qualify generation = max(generation) over (partition by load_id) order by committed_at"
        )
    )


def options(folder: Path) -> load.Options:
    return load.Options(archive=Archive(folder / "archive"))


class opened:
    """A warehouse, opened for a moment: dbt needs the file's lock in between."""

    def __init__(self, database: Path) -> None:
        self._warehouse = DuckDBWarehouse(database)

    def __enter__(self) -> DuckDBWarehouse:
        self._warehouse.extend([table for topic in topics.all_topics().values() for table in topic.tables])
        return self._warehouse

    def __exit__(self, *_: object) -> None:
        self._warehouse.close()


def current_models(database: Path) -> dict[str, pl.DataFrame]:
    """Return every current model, its rows and columns in one order."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'intermediate' order by 1"
        ).fetchall()
        frames = {name: connection.execute(f"select * from intermediate.{name}").pl() for (name,) in names}
    return {name: frame.select(sorted(frame.columns)).sort(sorted(frame.columns)) for name, frame in frames.items()}


def assert_same(incremental: pl.DataFrame, rebuilt: pl.DataFrame, what: str) -> None:
    try:
        assert_frame_equal(incremental, rebuilt)
    except AssertionError as difference:
        raise AssertionError(f"{what}: the incremental model is not the rebuilt one: {difference}") from difference


def assert_versions_won(database: Path) -> None:
    """Hold one model against a plain statement of its rule, so that both builds cannot be wrong together."""
    with duckdb.connect(str(database), read_only=True) as connection:
        wrong = connection.execute(
            """
            with versions as (
                select raw_rows.* from raw.incidents as raw_rows
                inner join raw.loads on raw_rows._load_id = loads.load_id and raw_rows._generation = loads.generation
                where loads.generation = (select max(g.generation) from raw.loads as g where g.load_id = loads.load_id)
            )
            select count(*) from intermediate.int_incidents_current as kept
            inner join versions using (provider, incident_id)
            where coalesce(versions._emitted_at, versions._loaded_at) > coalesce(kept._emitted_at, kept._loaded_at)
            """
        ).fetchone()
    assert wrong == (0,)
