import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ci_intel import contracts
from ingest.tables import Batch, content_id, tabulate
from ingest.topics import topic

FIXTURES = Path(__file__).parents[2] / "schema" / "fixtures"
LOADED_AT = datetime(2026, 3, 3, tzinfo=UTC)


def rows(fixture: str) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that a valid fixture becomes, by table."""
    event = json.loads((FIXTURES / f"{fixture}.json").read_text())
    of_topic = topic(event["schema"].partition(".")[0])
    batch = Batch([event], [1], [event["schema"]], "load", 1, LOADED_AT, [content_id(event)])
    return {table.name: tabulate(table, batch).to_pylist() for table in of_topic.tables}


@pytest.mark.parametrize(
    "path",
    [
        path
        for name in ("pipeline_run", "pipeline_job", "job_telemetry")
        for path in sorted((FIXTURES / name).rglob("valid/*.json"))
    ],
    ids=lambda path: f"{path.parts[-4]} {path.parts[-3]} {path.stem}",
)
def test_every_valid_event_becomes_one_row_of_its_parent_table_with_a_whole_key(path: Path) -> None:
    parent, *_ = topic(path.parts[-4]).tables

    [row] = rows(str(path.relative_to(FIXTURES).with_suffix("")))[parent.name]

    assert all(row[column] is not None for column in parent.key)


def test_a_v1_2_run_is_the_hubs_own_and_its_first_attempt() -> None:
    [run] = rows("pipeline_run/v1.2/valid/minimal")["pipeline_runs"]

    assert (run["provider"], run["run_attempt"]) == ("hub", 1)
    assert run["queue_ms"] is None, "not measured is not zero"


def test_a_run_takes_its_lists_to_their_own_tables_in_order() -> None:
    tables = rows("pipeline_run/v1.3/valid/v1_2_every_field")

    assert [(job["ordinal"], job["job_id"], job["is_cache_hit"]) for job in tables["pipeline_run_jobs"]] == [
        (1, "build", True),
        (2, "deploy", None),
    ]
    assert {(entry["key"], entry["value"]) for entry in tables["pipeline_run_job_matrix"]} == {
        ("python", "3.11"),
        ("shard", "2"),
        ("is_nightly", "false"),
        ("experimental", None),
    }
    assert [len(tables[name]) for name in ("pipeline_run_chaos", "pipeline_run_findings", "pipeline_run_policies")] == [
        1,
        1,
        1,
    ]
    assert all(job["started_at"] == datetime(2026, 3, 2, 9) for job in tables["pipeline_run_jobs"]), (
        "the run's own start"
    )


def test_a_run_without_jobs_tests_or_cost_has_no_children_and_no_zeros() -> None:
    tables = rows("pipeline_run/v1.3/valid/least")

    [run] = tables.pop("pipeline_runs")
    assert (run["ended_at"], run["test_count"], run["mutant_count"], run["cost_usd"]) == (
        None,
        None,
        None,
        None,
    )
    assert all(not of_table for of_table in tables.values())


def test_times_with_offsets_are_kept_in_utc_to_the_microsecond() -> None:
    [run] = rows("pipeline_run/v1.2/valid/times_with_offsets")["pipeline_runs"]

    assert run["started_at"] == datetime(2026, 3, 2, 9)
    assert run["ended_at"] == datetime(2026, 3, 2, 9, 6, 30, 123456)


def test_telemetry_keeps_whatever_else_its_sender_knows() -> None:
    tables = rows("job_telemetry/v1.0/valid/every_field")

    assert {(entry["key"], entry["value"]) for entry in tables["job_telemetry_metadata"]} == {
        ("shard", "3/8"),
        ("image", "python:3.11"),
    }
    [measured] = tables["job_telemetry"]
    assert {entry["job_telemetry_id"] for entry in tables["job_telemetry_metadata"]} == {measured["job_telemetry_id"]}


CONTRADICTORY = {
    "pipeline_run/v1.2": {
        "ends_before_it_starts",
        "ends_before_it_starts_by_offset",
        "more_failed_and_skipped_tests_than_tests",
        "more_detected_mutants_than_mutants",
        "canary_window_ends_before_it_starts",
        "chaos_ends_before_it_starts",
    },
    "pipeline_run/v1.3": {"job_ends_before_it_starts", "more_flaky_tests_than_tests"},
    "pipeline_job/v1.0": {"completed_before_it_starts"},
}


@pytest.mark.parametrize(
    "fixture",
    [f"{folder}/invalid/{name}" for folder, names in CONTRADICTORY.items() for name in sorted(names)],
)
def test_an_event_that_contradicts_itself_keeps_to_its_schema_and_is_caught_all_the_same(
    fixture: str,
) -> None:
    event = json.loads((FIXTURES / f"{fixture}.json").read_text())

    assert contracts.is_valid(event["schema"], event)
    assert len(list(topic(fixture.partition("/")[0]).contradictions(event))) == 1
