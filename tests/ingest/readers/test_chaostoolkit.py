"""Chaos Toolkit journals: what a journal says, against what its `status` seems to say."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from ci_intel import contracts
from ci_intel.errors import Refused
from ingest.context import RunContext
from ingest.evidence import Limits, opened
from ingest.readers import reader
from ingest.topics import topic

FIXTURES = Path(__file__).parent / "fixtures" / "chaostoolkit"
CORPUS = Path(os.environ.get("HUB_CORPUS", Path(__file__).parents[4] / "shared" / "corpus"))
CONTEXT = RunContext(provider="github", repository="acme/shop", run_id="7", run_attempt=1)
RECOVERED: Mapping[str, Any] = json.loads((FIXTURES / "valid" / "recovered.json").read_text())

MET = {"steady_state_met": True, "probes": []}
LOST = {"steady_state_met": False, "probes": []}


def event_of(path: Path) -> dict[str, Any]:
    with opened(path, Limits()) as evidence:
        assert reader("chaostoolkit").recognises(evidence)
        [event] = reader("chaostoolkit").read(evidence, CONTEXT)
    assert isinstance(event, dict)
    return event


def event_with(folder: Path, **changes: Any) -> dict[str, Any]:
    """Read a journal that differs from the recovered one; `a__b` changes `b` inside `a`."""
    journal: dict[str, Any] = deepcopy(dict(RECOVERED))
    for name, value in changes.items():
        *outer, last = name.split("__")
        holder = journal
        for key in outer:
            holder = holder[key]
        holder[last] = value
    path = folder / "journal.json"
    path.write_text(json.dumps(journal))
    return event_of(path)


@pytest.mark.parametrize("path", sorted((FIXTURES / "valid").iterdir()), ids=lambda path: path.stem)
def test_a_journal_becomes_one_event_that_keeps_its_contract(path: Path) -> None:
    event = event_of(path)

    assert contracts.violations("chaos_experiment.v1.0", event) == []
    assert list(topic("chaos_experiment").contradictions(event)) == []
    assert event["repo"] == "acme/shop"


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        pytest.param({}, "recovered", id="the steady state held"),
        pytest.param({"deviated": True, "status": "completed"}, "failed", id="deviated is the truth, not status"),
        pytest.param({"deviated": True, "status": "interrupted"}, "failed", id="interrupted after it deviated"),
        pytest.param(
            {"status": "failed", "steady_states__before": LOST, "steady_states__after": None, "run": []},
            "invalid",
            id="the baseline was broken before",
        ),
        pytest.param({"status": "interrupted", "steady_states__after": None}, "aborted", id="interrupted"),
        pytest.param({"status": "aborted", "steady_states__after": None}, "aborted", id="aborted"),
        pytest.param(
            {"steady_states": {"before": None, "after": None, "during": []}},
            "invalid",
            id="there is no hypothesis",
        ),
        pytest.param({"steady_states__after": None}, "invalid", id="nobody looked after the method"),
        pytest.param({"run": []}, "invalid", id="no action was played"),
        pytest.param({"steady_states__during": [MET, LOST, MET]}, "degraded", id="lost for a while"),
        pytest.param(
            {"status": "failed", "steady_states__during": [LOST]},
            "degraded",
            id="stopped early, yet met after the method",
        ),
        pytest.param(
            {"steady_states__during": [MET], "steady_states__after": None},
            "recovered",
            id="watched all along",
        ),
        pytest.param({"deviated": None, "steady_states__after": LOST}, "failed", id="a journal older than `deviated`"),
    ],
)
def test_outcome_comes_from_the_steady_states(tmp_path: Path, changes: dict[str, Any], outcome: str) -> None:
    event = event_with(tmp_path, **changes)

    assert event["outcome"] == outcome
    assert contracts.violations("chaos_experiment.v1.0", event) == []
    assert list(topic("chaos_experiment").contradictions(event)) == []


@pytest.mark.parametrize("dry", [True, "activities", "actions", "probes", "pause"])
def test_a_dry_run_says_so(tmp_path: Path, dry: object) -> None:
    assert event_with(tmp_path, experiment__dry=dry)["is_dry_run"] is True


@pytest.mark.parametrize("dry", [None, False])
def test_a_run_in_earnest_says_so(tmp_path: Path, dry: object) -> None:
    assert event_with(tmp_path, experiment__dry=dry)["is_dry_run"] is False


def test_times_without_an_offset_are_utc_as_old_versions_wrote_them() -> None:
    event = event_of(FIXTURES / "valid" / "old_without_offsets_dry.json")

    assert event["started_at"] == "2026-03-02T09:00:00.250000Z"
    assert event["experiment"] == "Ausfall eines Knotens — «überlebt»"
    assert all(activity["started_at"].endswith("Z") for activity in event["activities"])


def test_a_rollback_that_exits_with_1_is_not_ok_though_it_succeeded(tmp_path: Path) -> None:
    [rollback] = deepcopy(RECOVERED["rollbacks"])
    rollback["output"]["status"] = 1

    event = event_with(tmp_path, rollbacks=[rollback])

    assert event["is_rollback_ok"] is False
    assert event["activities"][-1]["exit_code"] == 1


def test_no_rollback_is_unknown_not_ok(tmp_path: Path) -> None:
    assert "is_rollback_ok" not in event_with(tmp_path, rollbacks=[])


def test_a_status_over_http_is_no_exit_code() -> None:
    event = event_of(FIXTURES / "valid" / "recovered.json")

    probes = [activity for activity in event["activities"] if activity["kind"] == "probe"]
    assert len(probes) == 2
    assert all("exit_code" not in probe for probe in probes)


def test_the_address_of_the_target_is_cut_before_its_secrets() -> None:
    event = event_of(FIXTURES / "valid" / "recovered.json")

    assert event["target"] == "https://shop.test/health"
    assert event["fault"] == "kill one pod"


def test_an_activity_that_never_came_back_has_no_times(tmp_path: Path) -> None:
    [action] = deepcopy(RECOVERED["run"])
    lost = {**action, "status": "failed", "start": None, "end": None, "duration": None, "exception": None}

    event = event_with(tmp_path, run=[lost])

    [activity] = [activity for activity in event["activities"] if activity["phase"] == "method"]
    assert activity == {"phase": "method", "kind": "action", "name": "kill one pod", "status": "failed"}


def test_the_last_line_of_a_traceback_is_why_an_activity_failed(tmp_path: Path) -> None:
    [action] = deepcopy(RECOVERED["run"])
    action |= {
        "status": "failed",
        "exception": ["Traceback:\n", "  File …\n", "ActivityFailed: no such pod\n"],
    }

    event = event_with(tmp_path, run=[action])

    assert event["activities"][1]["message"] == "ActivityFailed: no such pod"


@pytest.mark.parametrize("name", ["cut_short", "without_experiment"])
def test_a_broken_journal_is_recognised_and_refused_with_a_reason(name: str) -> None:
    with opened(FIXTURES / "invalid" / f"{name}.json", Limits()) as evidence:
        assert reader("chaostoolkit").recognises(evidence)
        with pytest.raises(Refused, match=r"journal|JSON"):
            list(reader("chaostoolkit").read(evidence, CONTEXT))


def test_a_journal_without_a_start_is_a_bad_event() -> None:
    event = event_of(FIXTURES / "invalid" / "without_start.json")

    [violation] = contracts.violations("chaos_experiment.v1.0", event)
    assert "started_at" in violation.message


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"experiment": {}}', '{"experiment":', "<xml/>", "null"])
def test_other_files_are_not_recognised(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other"
    path.write_text(text)

    with opened(path, Limits()) as evidence:
        assert not reader("chaostoolkit").recognises(evidence)


@pytest.mark.corpus
def test_every_recorded_journal_is_understood() -> None:
    folder = CORPUS / "chaos" / "chaostoolkit_journal" / "self-recorded"

    events = {path.name.split(".")[0]: event_of(path) for path in sorted(folder.glob("*.json"))}

    assert {name: event["outcome"] for name, event in events.items()} == {
        "e1_restart": "recovered",
        "e2_deviate": "failed",
        "e3_before_fails": "invalid",
        "e5_background": "recovered",
        "e6_no_hypothesis": "invalid",
        "e7_timeout": "recovered",
    }
    assert events["e7_timeout"]["is_rollback_ok"] is False
    assert [len(event["activities"]) for event in events.values()] == [4, 3, 1, 7, 2, 4]
    for event in events.values():
        assert contracts.violations("chaos_experiment.v1.0", event) == []
