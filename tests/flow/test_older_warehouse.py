"""A warehouse that an older version of the models built: it gets what is new without being told to build all anew."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest
from attempts import job, run
from dbt_project import run_dbt_on
from hub import Hub, lines
from polars.testing import assert_frame_equal

BUILD = ("build", "--select", "+queueing", "+run_health", "--exclude-resource-type", "unit_test", "test")
KEPT = {
    "intermediate.int_pipeline_runs_reconciled": "is_final_attempt",
    "marts.pipeline_jobs": "queued_date",
}
"""Columns by the model that did not always have them."""


def kept(hub: Hub) -> dict[str, pl.DataFrame]:
    names = [*KEPT, "marts.pipeline_runs", "marts.queueing", "marts.run_health"]
    with duckdb.connect(str(hub.path), read_only=True) as connection:
        return {name: connection.execute(f"select * from {name}").pl() for name in names}


@pytest.mark.parametrize("is_reloaded", [False, True], ids=["and nothing else", "and a reload"])
def test_a_column_that_older_models_did_not_keep_is_filled_for_all_rows_by_the_next_build(
    hub: Hub, is_reloaded: bool
) -> None:
    for day in (2, 3, 4):
        events = lines(run(str(day), 1, day), run(str(day), 2, day), job(str(day), 1, day), job(str(day), 2, day))
        hub.load(hub.file(f"{day}.ndjson", events))
    run_dbt_on(hub, *BUILD)
    for model, column in KEPT.items():
        hub.execute(f"alter table {model} drop column {column}")
    hub.load(hub.file("late.ndjson", lines(run("4", 3, 5), job("4", 3, 5))))
    if is_reloaded:
        assert hub.run("reload", "--all").exit_code == 0

    run_dbt_on(hub, *BUILD)

    updated = kept(hub)
    assert {model: updated[model][column].null_count() for model, column in KEPT.items()} == dict.fromkeys(KEPT, 0)
    run_dbt_on(hub, *BUILD, "--full-refresh")
    for name, rebuilt in kept(hub).items():
        assert not rebuilt.is_empty()
        told = [column for column in rebuilt.columns if column != "_seen_change"]
        assert_frame_equal(updated[name].select(told), rebuilt.select(told), check_row_order=False)
