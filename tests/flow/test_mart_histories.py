"""
Marts after any history equal a full rebuild, row for row.

A history is delivered file by file, with incremental builds in between; then everything is built anew
from the raw tables, as of the same moment, and every mart is compared.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import duckdb
import mart_histories
import polars as pl
import pytest
import test_histories
from dbt_project import MARTS, run_dbt
from mart_histories import CASES, Delivery, MartHistory

from ingest.warehouse.duckdb import DuckDBWarehouse

DELIVERIES = 24
BUILDS = 4
FIRST_SEED = 20260401


def as_of(moment: str) -> tuple[str, str]:
    """Return the options that set the models' clock."""
    return "--vars", f'{{as_of: "{moment}"}}'


AS_OF = as_of("2026-03-01 12:00:00")
"""Now, as of every build: what looks a month back sees runs, and some runs lie ahead."""
ROWS = ("--select", "config.materialized:incremental", "config.materialized:table")
INCREMENTAL = ("--select", "config.materialized:incremental", "red_streaks")

EVIDENCE = {"int_scorecard_evidence_runs", "int_scorecard_evidence_costs", "int_scorecard_evidence_forecasts"}
STORED = {"int_cache_hits_valued", "int_job_executions_forecast", "int_pipeline_runs_costed", *EVIDENCE}
"""Incremental models that marts read: what a mart sums up or leaves out would hide some of their faults."""

OF_THE_LAST_DAYS = {"int_job_executions_forecast", "job_duration_forecast", "job_duration_forecast_by_day", *EVIDENCE}
"""What looks back from now, so that its rows also change as days pass."""

COMPARED_BY: dict[str, str] = {name: f"select * from intermediate.{name}" for name in STORED}
"""What is not a mart, or keeps more than a rebuild can know: the query for what of it has to be equal."""


@pytest.mark.parametrize("block", [0, *(pytest.param(block, marks=pytest.mark.torture) for block in range(1, 6))])
def test_every_mart_equals_a_full_rebuild_after_any_history(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = play(FIRST_SEED + block, tmp_path, monkeypatch)

    assert [case for case in CASES if not seen[case]] == [], "the history missed a case"


def test_forecasts_and_evidence_equal_a_rebuild_after_corrections_and_as_the_days_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Runs close to each other: what is corrected is what later ones were foretold from.
    monkeypatch.setattr(mart_histories, "DAYS", 20)
    database = tmp_path / "hub.duckdb"
    monkeypatch.setenv("CI_INTEL_WAREHOUSE", f"duckdb:///{database}")
    deliveries = list(MartHistory(FIRST_SEED, tmp_path).deliveries(DELIVERIES))
    builds = {len(deliveries) - 9: "2025-12-20 12:00:00", len(deliveries) - 5: "2025-12-21 09:00:00"}
    models = [f"+{name}" for name in sorted(OF_THE_LAST_DAYS)]
    for number, delivery in enumerate(deliveries):
        with test_histories.opened(database) as warehouse:
            deliver(delivery, warehouse, tmp_path)
        if number == min(builds):
            run_dbt("seed")
        if number in builds:
            run_dbt("run", *as_of(builds[number]), "--select", *models)
    for now in ("2025-12-24 12:00:00", "2026-01-05 23:00:00"):
        run_dbt("run", *as_of(now), "--select", *models)
    brought_up_to_date = marts(database, OF_THE_LAST_DAYS)

    run_dbt("run", "--full-refresh", *as_of(now), "--select", *models)

    for name, rebuilt in marts(database, OF_THE_LAST_DAYS).items():
        assert rebuilt.height > 3, name
        test_histories.assert_same(brought_up_to_date[name], rebuilt, name)


def play(seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Play one history, compare, and say which cases it hit."""
    database = folder / "hub.duckdb"
    monkeypatch.setenv("CI_INTEL_WAREHOUSE", f"duckdb:///{database}")
    history = MartHistory(seed, folder)
    chance = random.Random(seed)
    deliveries = list(history.deliveries(DELIVERIES))
    # What makes everything anew comes early, so that the last builds have only their days to replace.
    last = len(deliveries) - 1
    rebuilt_after = {*(last * build // BUILDS for build in range(1, BUILDS)), last - 1, last}
    edited_before, reloaded_before, priced_before, *_ = sorted(rebuilt_after)
    for number, delivery in enumerate(deliveries):
        with test_histories.opened(database) as warehouse:
            deliver(delivery, warehouse, folder)
            if number == reloaded_before - 1:
                history.seen["reload"] += test_histories.reload_some(warehouse, folder, chance)
                monkeypatch.setattr(test_histories, "is_typo", lambda event: str(event.get("run_id", "")).endswith("7"))
                rejected = test_histories.reload_fixed(warehouse, folder, monkeypatch)
                history.seen["reload that rejects what was good"] += rejected
                commit(warehouse, delivery.commits_at)
        if number == 1:
            run_dbt("seed")
            run_dbt("run", *AS_OF)
        if number == edited_before - 1:
            edit_words(database)
            history.seen["seed edit"] += 1
        if number == priced_before - 1:
            edit_prices(database)
            history.seen["price edit"] += 1
        if number in rebuilt_after:
            run_dbt("run", *AS_OF, *(ROWS if number == last else INCREMENTAL))
    incremental = marts(database)

    run_dbt("run", "--full-refresh", *AS_OF, *ROWS)

    rebuilt = marts(database)
    assert incremental.keys() == rebuilt.keys() == MARTS | STORED
    for name in ("pipeline_runs", "pipeline_jobs", "run_health"):
        assert rebuilt[name].height > 20, name
    for name, frame in incremental.items():
        test_histories.assert_same(frame, rebuilt[name], f"{name}, seed {seed}")
    assert_attempts_are_counted_once(rebuilt)
    return history.seen


def deliver(delivery: Delivery, warehouse: DuckDBWarehouse, folder: Path) -> None:
    test_histories.deliver(delivery.path, delivery.starts_at, warehouse, folder)
    commit(warehouse, delivery.commits_at)


def commit(warehouse: DuckDBWarehouse, moment: datetime) -> None:
    """Let what was committed just now be committed at `moment`, after all before: else it is all of the same hour."""
    warehouse.query(
        "update raw.loads set committed_at = greatest($moment, interval 1 microsecond + "
        "(select max(committed_at) from raw.loads where committed_at <= timestamp '2026-10-01')) "
        "where committed_at > timestamp '2026-10-01'",
        {"moment": moment.replace(tzinfo=None)},
    )


def edit_words(database: Path) -> None:
    """Give words a meaning, as `dbt seed` does after an edit of the overrides."""
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "insert into seeds.run_status_words_overrides (provider, status_original, run_status) "
            "values ('github', 'exploded', 'failed'), ('hub', 'canceled', 'failed')"
        )


def edit_prices(database: Path) -> None:
    """Give a label a price, likewise."""
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "insert into seeds.runner_rates_overrides "
            "(provider, runner_type, label_pattern, from_year, usd_per_minute, billing_increment_ms, source) "
            "values ('*', 'hosted', 'a-label%', 2020, 0.5, 1000, 'test')"
        )


def marts(database: Path, names: Collection[str] = MARTS | STORED) -> dict[str, pl.DataFrame]:
    """Return every mart, and what is stored before them, in one order, without what it has seen."""
    with duckdb.connect(str(database), read_only=True) as connection:
        frames = {name: connection.execute(COMPARED_BY.get(name, f"select * from marts.{name}")).pl() for name in names}
    told = {name: sorted({*frame.columns} - {"_seen_change"}) for name, frame in frames.items()}
    return {name: frame.select(told[name]).sort(told[name]) for name, frame in frames.items()}


def assert_attempts_are_counted_once(frames: dict[str, pl.DataFrame]) -> None:
    """Hold days against runs, so that both builds cannot be wrong together."""
    final = frames["pipeline_runs"].filter(pl.col("is_final_attempt"))
    assert frames["run_health"]["run_count"].sum() == final.height
    assert final.select("provider", "repository", "run_id").n_unique() == final.height
