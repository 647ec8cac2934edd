"""The stories of evidence, gates and rehearsal are found in the marts, and nothing else is."""

from __future__ import annotations

from datetime import date

import pytest
from dbt_project import run_dbt_on
from hub import Hub

from simulate.evidence import simulated
from simulate.stories import STORIES
from simulate.world import World

UNTIL = date(2026, 3, 2)
WORLD = World(60, 7, UNTIL)
# Nothing here is made of them, and they are most of the evidence.
LEFT_OUT = {"pipeline_job", "job_telemetry", "test_report", "coverage_report", "mutation_run"}
MARTS = [
    "releases",
    "determinism",
    "policy_compliance",
    "gate_efficacy",
    "vex_coverage",
    "exploitable_exposure",
    "cache_integrity",
    "int_incidents_rehearsed",
    "drills_against_change",
]


@pytest.fixture(scope="module")
def fleet(shared_hub: Hub) -> Hub:
    """A hub that knows the simulated fleet, as seen at the end of its window."""
    folder = shared_hub.folder / "simulated"
    folder.mkdir()
    for topic, lines in simulated(WORLD).items():
        if topic not in LEFT_OUT:
            (folder / f"{topic}.ndjson").write_bytes(lines)
    shared_hub.load(folder)
    run_dbt_on(
        shared_hub,
        "build",
        "--select",
        *(f"+{mart}" for mart in MARTS),
        "--exclude",
        "test_type:unit",
        "--vars",
        f"{{as_of: '{UNTIL} 00:00:00'}}",
    )
    return shared_hub


def told(story: str) -> tuple[str, date, date]:
    """Return whose story it is, its first day and the day after its last."""
    return (STORIES[story].repository, *STORIES[story].span(UNTIL))


def test_a_signature_that_came_late_does_not_whitewash_the_deployment(fleet: Hub) -> None:
    repository, begins, ends = told("late_signature")

    late = fleet.rows(
        "select repository, cast(deployment_started_at as date), evidence_type, status_at_deployment "
        "from marts.release_evidence where is_late"
    )

    assert {(row[0], *row[2:]) for row in late} == {(repository, "signature", "missing")}
    assert all(begins <= row[1] < ends for row in late)


def test_provenance_that_nobody_checked_is_missing_then_and_now(fleet: Hub) -> None:
    repository, begins, ends = told("missing_provenance")

    missing = fleet.rows(
        "select repository, evidence_type, released_date from marts.release_evidence "
        "where is_required and status = 'missing'"
    )

    assert {row[:2] for row in missing} == {(repository, "provenance")}
    assert all(begins <= row[2] < ends for row in missing)


def test_a_bundle_without_its_sbom_is_incomplete_though_the_sbom_is_verified(fleet: Hub) -> None:
    lacking = fleet.rows(
        "select repository, evidence_type, status from marts.release_evidence where is_missing_from_bundle"
    )

    assert sorted(lacking) == [
        (told("missing_provenance")[0], "provenance", "missing"),
        (told("incomplete_bundle")[0], "sbom", "verified"),
    ]


def test_a_release_that_was_built_twice_and_differs_is_one_difference_with_its_cause(fleet: Hub) -> None:
    repository, begins, ends = told("unreproducible_build")

    [difference] = fleet.rows(
        "select repository, checked_date, reproducible_ratio, first_cause from marts.determinism "
        "where kind <> '(none)' and different_check_count > 0"
    )

    assert difference[0] == repository
    assert begins <= difference[1] < ends
    assert difference[2:] == (0.0, "the time of the build in app/build-info.json")


def test_only_the_deployments_of_the_week_in_which_no_policy_was_asked_are_bypasses(fleet: Hub) -> None:
    repository, begins, ends = told("policy_bypass")

    bypasses = fleet.rows(
        "select repository, decided_date, deployment_count, bypass_count from marts.policy_compliance "
        "where bypass_count > 0"
    )

    assert bypasses
    assert all(row[0] == repository and begins <= row[1] < ends and row[2] == row[3] for row in bypasses)


def test_only_the_canaries_that_went_live_all_the_same_are_overridden(fleet: Hub) -> None:
    _, begins, ends = told("overridden_canary")

    overridden = fleet.rows(
        "select gate, cast(last_decided_at as date), week_start_date from marts.gate_efficacy "
        "where overridden_decision_count > 0"
    )

    assert [row[0] for row in overridden] == ["canary"]
    assert all(row[2] < ends and row[1] >= begins for row in overridden)


def test_a_statement_about_an_image_without_its_registry_closes_what_it_is_about(fleet: Hub) -> None:
    repository, _, _ = told("vex_not_affected")

    assert fleet.rows("select matched_exposure_count, is_unmatched from marts.vex_coverage") == [(1, False)]
    assert fleet.rows("select repository from marts.vulnerability_exposure where closed_by = 'vex'") == [(repository,)]


def test_only_the_service_with_the_unpatched_vulnerability_exposes_its_users_to_a_known_exploit(fleet: Hub) -> None:
    exposed = fleet.rows("select distinct repository from marts.exploitable_exposure where kev_exposure_days > 0")

    assert exposed == [(told("unpatched_cve")[0],)]


def test_the_changed_entry_of_a_cache_is_found_on_its_three_days(fleet: Hub) -> None:
    repository, begins, ends = told("corrupted_cache")

    corrupted = fleet.rows(
        "select repository, checked_date, cache_integrity_ratio from marts.cache_integrity "
        "where mismatched_check_count > 0 order by checked_date"
    )

    assert [row[0] for row in corrupted] == [repository] * (ends - begins).days
    assert corrupted[0][1] == begins
    assert {row[2] for row in corrupted} == {0.0}


def test_the_cause_that_no_experiment_had_is_not_rehearsed_and_one_that_nobody_wrote_down_is_unknown(
    fleet: Hub,
) -> None:
    repository, _, _ = told("unrehearsed_cause")

    rehearsals = set(
        fleet.rows(
            "select rehearsal, repository, cause = 'expired_certificate' from intermediate.int_incidents_rehearsed "
            "where cause = 'expired_certificate' or cause is null"
        )
    )

    assert ("not_rehearsed", repository, True) in rehearsals
    assert {row[0] for row in rehearsals if row[2]} == {"not_rehearsed"}
    assert {row[0] for row in rehearsals if row[2] is None} == {"unknown"}


def test_who_rehearses_has_few_changes_that_nobody_has_tried_to_bring_back(fleet: Hub) -> None:
    states = dict(
        fleet.rows(
            "select repository, rehearsal_state from marts.drills_against_change "
            f"where month_start_date = date_trunc('month', date '{UNTIL}' - 1)"
        )
    )

    assert states[told("passed_drill")[0]] == "rehearsed"
    assert states[told("failed_drill")[0]] == "never_met"
    assert states[told("stale_drill")[0]] == "stale"
