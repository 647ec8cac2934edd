"""The ledger's share by topic: how much of a load was of which topic, and which topics there are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from click.testing import CliRunner

from ci_intel import contracts
from ci_intel.cli import cli

DRILL_STEP = {
    "schema": "dr_drill.v1.0",
    "drill_id": "restore-2026-q1",
    "repo": "simulated/shop",
    "step": "restore database",
    "started_at": "2026-03-02T09:10:00Z",
    "ended_at": "2026-03-02T09:25:00Z",
    "status": "success",
}
EXPERIMENT = {
    "schema": "chaos_experiment.v1.0",
    "experiment": "Losing a pod",
    "fault": "kill_job",
    "target": "shop",
    "outcome": "recovered",
    "started_at": "2026-03-02T09:10:00Z",
}


def load(path: Path, database: Path, *flags: str) -> None:
    arguments = ["load", str(path), "--warehouse", f"duckdb:///{database}", "--no-archive", *flags]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code in {0, 1}, result.output


def rows(database: Path, query: str) -> Sequence[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def lines(*events: Mapping[str, Any] | str) -> str:
    return "".join((event if isinstance(event, str) else json.dumps(event)) + "\n" for event in events)


def test_every_event_of_a_load_is_of_one_topic_also_the_rejected_ones(tmp_path: Path) -> None:
    path, database = tmp_path / "events.ndjson", tmp_path / "x.duckdb"
    path.write_text(
        lines(DRILL_STEP, {**DRILL_STEP, "status": "passed"}, EXPERIMENT, "{broken", {"schema": "nope.v1.0"})
    )

    load(path, database)

    shares = rows(
        database,
        """
        select topic, is_simulated, loaded_event_count, rejected_event_count
        from raw.load_topics
        order by all
        """,
    )
    assert shares == [
        ("(none)", False, 0, 2),
        ("chaos_experiment", False, 1, 0),
        ("dr_drill", True, 1, 1),
    ]
    [(events,)] = rows(database, "select event_count from raw.loads")
    assert events == sum(loaded + rejected for _, _, loaded, rejected in shares)


def test_a_report_of_which_nothing_was_good_is_still_of_its_readers_topic(tmp_path: Path) -> None:
    path, database = tmp_path / "journal.json", tmp_path / "x.duckdb"
    source = Path(__file__).parent / "readers" / "fixtures" / "chaostoolkit" / "invalid" / "without_start.json"
    path.write_bytes(source.read_bytes())

    load(path, database, "--repository", "acme/shop")

    assert rows(database, "select topic, loaded_event_count, rejected_event_count from raw.load_topics") == [
        ("chaos_experiment", 0, 1)
    ]


def test_topics_are_noted_once_however_often_is_loaded(tmp_path: Path) -> None:
    path, database = tmp_path / "events.ndjson", tmp_path / "x.duckdb"
    path.write_text(lines(DRILL_STEP))

    load(path, database)
    load(path, database)

    noted = [topic for (topic,) in rows(database, "select topic from raw.topics")]
    assert sorted(noted) == sorted(contracts.topics())
