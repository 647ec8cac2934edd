"""The demo's fleet: each story that is a finding gives exactly its row in attention, and nothing else does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dbt_project import PROJECT, run_dbt_on
from hub import Hub, event, lines

from simulate.stories import STORIES

DAYS, SEED, UNTIL = 45, 7, "2026-11-26"

# Which matter a story is, by its kind, and by its metric where only the fleet's figure shows it; none: it is how
# things usually are, or no matter for an executive.
FINDINGS: dict[str, str | tuple[str, str] | None] = {
    "exemplary_service": None,
    "passed_drill": None,
    "unrepeated_builds": None,
    "bad_deployment_week": "failing_deployments",
    "flaky_suite": "flaky_suite",
    # It cannot be told, which is not refuted.
    "undecided_transparency_log": None,
    "hollow_tests": "hollow_tests",
    "policy_bypass": "policy_bypass",
    "late_signature": ("worsening_metric", "evidence_completeness_ratio"),
    "failed_drill": "failed_drill",
    "fragile_service": "fragile_service",
    "unpatched_cve": "overdue_vulnerability",
    "refuted_signature": "refuted_signature",
    "silent_source": "silent_repository",
    # Archived is announced: nothing is expected of it, so it is not silent.
    "archived_service": None,
    "native_api_words": None,
    # Shown by first_pass_ratio; its suite is not flaky beyond chance.
    "recovered_by_rerun": None,
    "stale_drill": "stale_drill",
    "invalid_chaos": None,
    # A test that warns is for the team of the warehouse; one that fails would be a matter.
    "unfixed_warning": None,
    "unfinished_drill": "unfinished_drill",
    "dependency_bots": None,
    # A statement with its reason says that the product is not affected.
    "vex_not_affected": None,
    # The forecast learns the new duration within days.
    "slow_build": None,
    "open_incident": "open_incident",
    "superseded_runs": None,
    "long_queue": "long_queue",
    "corrected_runs": None,
    "not_deployed": None,
    "old_contract": None,
    # Nobody looked, which is not refuted, but no proof either.
    "missing_provenance": ("worsening_metric", "verified_deployment_ratio"),
    "policy_denials": None,
    # Over for weeks: too long ago to say anything today.
    "unreproducible_build": None,
    "unrehearsed_cause": ("red_metric", "chaos_coverage_ratio"),
    "corrupted_cache": ("red_metric", "cache_integrity_ratio"),
    # The evidence is there, if not in the bundle.
    "incomplete_bundle": None,
    "priced_runs": None,
    "slow_review": None,
    "metered_energy": None,
    "overridden_canary": None,
}


def row_of(story: str) -> tuple[str, str] | None:
    """Return kind and repository of a story's row, or kind and metric; none if it gives no row."""
    finding = FINDINGS[story]
    return (finding, STORIES[story].repository) if isinstance(finding, str) else finding


EXPECTED = sorted(row for row in map(row_of, FINDINGS) if row is not None)


@pytest.fixture(scope="module")
def fleet(shared_hub: Hub) -> Hub:
    """A hub that was given the demo's fleet, and built what attention is made from."""
    folder = shared_hub.folder / "simulated"
    made = shared_hub.run("simulate", "--days", str(DAYS), "--seed", str(SEED), "--until", UNTIL, "--out", folder)
    assert made.exit_code == 0, made.output
    shared_hub.load(folder)
    build(shared_hub, "+attention", "+flaky_tests")
    return shared_hub


def build(hub: Hub, *selected: str) -> None:
    moment = f"{{as_of: '{UNTIL} 00:00:00'}}"
    run_dbt_on(hub, "build", "--exclude-resource-type", "unit_test", "test", "--vars", moment, "--select", *selected)


def matters(hub: Hub) -> list[dict[str, Any]]:
    result = hub.run("attention", "--json")
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_table_of_findings_knows_every_story() -> None:
    assert FINDINGS.keys() == STORIES.keys()


def test_each_story_that_is_a_finding_gives_exactly_its_row_and_nothing_else_does(fleet: Hub) -> None:
    found = sorted((row["kind"], row["repository"] or row["subject"]) for row in matters(fleet))

    assert found == EXPECTED


def test_what_is_found_is_also_where_each_story_says_to_look(fleet: Hub) -> None:
    def of(sql: str) -> Any:
        return fleet.value(sql)

    assert of("select drill_verdict from marts.dr_drills where repository = 'simulated/identity'") == "refuted"
    assert fleet.rows(
        "select evidence_state, status from marts.repositories where repository = 'simulated/notifications'"
    ) == [("silent", "grey")]
    bad, _ = STORIES["bad_deployment_week"].span(of(f"select date '{UNTIL}'"))
    assert of(
        "select change_failure_ratio > 0.35 from marts.dora "
        f"where repository = 'simulated/checkout' and week_start_date = '{bad}'"
    )


def test_each_row_leads_to_rows_of_a_mart(fleet: Hub) -> None:
    counts = {
        row["kind"]: fleet.value(f"select count(*) from marts.{row['source_mart']} where {row['source_filter']}")
        for row in matters(fleet)
    }

    assert counts.keys() == {kind for kind, _ in EXPECTED}
    assert [kind for kind, count in counts.items() if count == 0] == []
    assert counts["failing_deployments"] == fleet.value(
        "select cast(size_value as int) from marts.attention where kind = 'failing_deployments'"
    )


def test_each_row_says_what_since_when_whose_and_what_next_in_plain_words(fleet: Hub) -> None:
    rows = matters(fleet)

    owners = dict(fleet.rows("select repository, team from marts.repositories where is_in_force"))
    owners |= dict(fleet.rows("select metric_id, owner from seeds.metric_definitions"))
    assert [row["subject"] for row in rows if row["owner"] != owners[row["repository"] or row["subject"]]] == []
    assert [row["rank_number"] for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        assert row["since_at"] < UNTIL
        assert row["sentence"].endswith(".")
        assert row["next_step"].endswith(".")
        assert "_" not in row["sentence"].replace(row["subject"], "")
        assert row["size_value"] is not None


def test_the_command_prints_the_first_ones_and_says_how_many_there_are(fleet: Hub) -> None:
    result = fleet.run("attention", "--top", "2")

    assert "real evidence: nothing is open" in result.stdout
    assert f"simulated fleet: {len(EXPECTED)} open matters, the first 2 of {len(EXPECTED)}" in result.stdout
    assert "  2. critical" in result.stdout
    assert "  3. " not in result.stdout


def test_a_repository_that_no_catalogue_names_is_unregistered_and_nobodys(fleet: Hub) -> None:
    opened = {
        "schema": "incident.v1.0",
        "provider": "pagerduty",
        "incident_id": "P1",
        "repo": "acme/unheard-of",
        "opened_at": "2026-11-24T10:00:00Z",
        "updated_at": "2026-11-24T10:00:00Z",
    }
    fleet.load(fleet.file("incident.ndjson", lines(opened)))
    fleet.load(fleet.file("decision.ndjson", lines(event(repo="acme/unheard-of", decided_at="2026-11-25T10:00:00Z"))))
    build(
        fleet,
        *(
            "int_incidents_current",
            "int_incidents_attributed",
            "int_policy_decisions_current",
            "incidents",
            "int_repository_evidence",
            "repositories",
            "attention",
        ),
    )

    assert fleet.rows("select is_registered, team, tier from marts.repositories where repository like 'acme/%'") == [
        (False, "unregistered", None)
    ]
    assert fleet.rows("select team, tier from marts.incidents where repository like 'acme/%'") == [
        ("unregistered", "unregistered")
    ]
    [real] = [row for row in matters(fleet) if not row["is_simulated"]]
    assert (real["kind"], real["repository"], real["owner"]) == ("open_incident", "acme/unheard-of", "unregistered")


def test_before_the_first_build_the_command_says_what_to_do(hub: Hub) -> None:
    result = hub.run("attention")

    assert result.exit_code == 1
    assert "run `dbt build`" in result.stderr


def test_every_kind_is_explained_in_the_documentation() -> None:
    page = (PROJECT / "docs" / "attention.md").read_text()
    kinds = [line.partition(",")[0] for line in (PROJECT / "seeds" / "matter_kinds.csv").read_text().splitlines()[1:]]

    assert [kind for kind in kinds if f"`{kind}`" not in page] == []
