"""dbt's run results: one invocation, the words of dbt, and nothing that it was told in confidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from native import FIXTURES, event, events, items, recognises

from ci_intel.errors import Refused
from ingest.readers import Malformed

VALID = FIXTURES / "dbt_run_results" / "valid"
INVALID = FIXTURES / "dbt_run_results" / "invalid"


def test_an_invocation_is_one_event_with_the_fate_of_each_node() -> None:
    run = event("dbt_run_results", VALID / "every_status.json")

    assert (run["command"], run["dbt_version"], run["elapsed_ms"]) == ("build", "1.11.2", 290500)
    assert (run["started_at"], run["ended_at"]) == ("2026-03-02T10:00:00.125000+00:00", "2026-03-02T10:05:00.250000Z")
    assert [(result["unique_id"].partition(".")[0], result["status"]) for result in run["results"]] == [
        ("model", "success"),
        ("test", "fail"),
        ("exposure", "no_op"),
        ("model", "partial_success"),
        ("model", "skipped"),
        ("model", "unknown"),
    ]
    assert run["results"][0]["execution_ms"] == 1234
    assert run["results"][1]["failures"] == 3


def test_a_word_that_is_new_is_kept_and_a_message_is_cut() -> None:
    late = event("dbt_run_results", VALID / "every_status.json")["results"][-1]

    assert (late["status"], late["status_original"], len(late["message"])) == ("unknown", "Pondering", 500)


def test_neither_arguments_nor_compiled_sql_are_taken() -> None:
    taken = json.dumps(event("dbt_run_results", VALID / "every_status.json"))

    assert "hunter2" not in taken
    assert "select" not in taken


def test_an_invocation_that_selected_nothing_is_an_event_too() -> None:
    run = event("dbt_run_results", VALID / "version_4_nothing_selected.json")

    assert run["results"] == []
    assert "command" not in run
    assert "started_at" not in run


@pytest.mark.parametrize(
    ("name", "code"),
    [("version_7", "unsupported_version"), ("results_are_no_list", "not_run_results"), ("cut_short", "not_json")],
)
def test_what_cannot_be_read_whole_is_refused(name: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        events("dbt_run_results", INVALID / f"{name}.json")

    assert refusal.value.code == code


def test_a_result_without_status_makes_the_invocation_malformed() -> None:
    (broken,) = items("dbt_run_results", INVALID / "result_without_status.json")

    assert isinstance(broken, Malformed)
    assert broken.pointer == "/results/0/status"


def test_dbts_other_files_are_left_to_others(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(
        '{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}, "nodes": {}}'
    )

    assert not recognises("dbt_run_results", manifest)
