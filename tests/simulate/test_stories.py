"""Each story is looked for in what was written, by one who knows nothing but the files and when it was told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median

import pytest
from click.testing import CliRunner
from fleet_events import (
    Evidence,
    day_of,
    evidence,
    failed_deployments,
    grouped,
    live_deployments,
    monday_of,
)

from ci_intel.cli import cli
from simulate.stories import STORIES

WORLDS = [
    pytest.param((90, 7, date(2026, 3, 2)), id="seen from a Monday"),
    pytest.param((90, 8, date(2026, 3, 5)), id="with another seed, seen from a Thursday"),
]


def _exemplary_service(fleet: Evidence, name: str) -> None:
    live = live_deployments(fleet, name)
    assert len(live) > 90
    assert len(failed_deployments(fleet, name)) / len(live) < 0.1


def _passed_drill(fleet: Evidence, name: str) -> None:
    drills = [event for event in fleet.of("dr_drill", name) if "disruption_at" in event]
    assert len(drills) == 3
    for drill in drills:
        assert _rto_ms(drill) <= drill["objectives"]["rto_ms"]
        assert drill["manifest_sha256"] == drill["restored_manifest_sha256"]
        assert {step["status"] for step in drill["steps"]} == {"success"}


def _unrepeated_builds(fleet: Evidence, name: str) -> None:
    begins, _ = STORIES["unrepeated_builds"].span(fleet.world.until)
    checked = [day_of(event["checked_at"]) for event in fleet.of("verification") if event["check"] == "determinism"]
    assert checked
    assert max(checked) < begins
    assert max(day_of(event["checked_at"]) for event in fleet.of("determinism_check")) < begins


def _unreproducible_build(fleet: Evidence, name: str) -> None:
    checks = fleet.told("unreproducible_build", "determinism_check", "checked_at")
    built_twice = [event for event in checks if event["kind"] == "dual_build"]
    assert [event["verdict"] for event in built_twice] == ["refuted"]
    assert built_twice[0]["first_digest"] != built_twice[0]["second_digest"]
    assert built_twice[0]["first_cause"]
    refuted = [event for event in fleet.of("determinism_check", name) if event["verdict"] == "refuted"]
    assert refuted == built_twice


def _bad_deployment_week(fleet: Evidence, name: str) -> None:
    failed = failed_deployments(fleet, name)
    weeks = grouped(
        [{**event, "week": monday_of(event["started_at"])} for event in live_deployments(fleet, name)], "week"
    )
    shares = {
        week: sum(event["deployment_id"] in failed for event in events) / len(events)
        for (week,), events in weeks.items()
    }
    bad, _ = STORIES["bad_deployment_week"].span(fleet.world.until)
    assert bad.weekday() == 0
    assert bad + timedelta(weeks=2) <= fleet.world.until
    assert shares.pop(bad) > 0.35
    assert median(shares.values()) < 0.15


def _unrehearsed_cause(fleet: Evidence, name: str) -> None:
    opened = {event["incident_id"] for event in fleet.told("unrehearsed_cause", "incident", "opened_at")}
    causes = {event["category"] for event in fleet.of("autopsy_finding", name) if event["incident_id"] in opened}
    assert causes == {"expired_certificate"}
    assert not causes & {event["fault"] for event in fleet.of("chaos_experiment")}
    rehearsed = {event["category"] for event in fleet.of("autopsy_finding") if event["incident_id"] not in opened}
    assert rehearsed <= {event["fault"] for event in fleet.of("chaos_experiment")}


def _flaky_suite(fleet: Evidence, name: str) -> None:
    reports = grouped(fleet.told("flaky_suite", "test_report", "started_at"), "commit_sha")
    repeated = [of_commit for of_commit in reports.values() if len(of_commit) > 1]
    flipped = {
        case["name"]
        for of_commit in repeated
        for case in of_commit[0]["cases"]
        if {other["outcome"] for report in of_commit for other in report["cases"] if other["name"] == case["name"]}
        >= {"passed", "failed"}
    }
    assert len(repeated) > 20
    assert len(flipped) == 3


def _undecided_transparency_log(fleet: Evidence, name: str) -> None:
    checks = fleet.told("undecided_transparency_log", "verification", "checked_at")
    assert {event["verdict"] for event in checks if event["check"] == "transparency_log"} == {"undecided"}


def _corrupted_cache(fleet: Evidence, name: str) -> None:
    told = fleet.told("corrupted_cache", "cache_check", "checked_at")
    assert [event["mismatched"] for event in told] == [1, 1, 1]
    assert {entry["problem"] for event in told for entry in event["bad_entries"]} == {"mismatched"}
    others = [event for event in fleet.of("cache_check") if event not in told]
    assert not any(event.get("mismatched") for event in others)


def _incomplete_bundle(fleet: Evidence, name: str) -> None:
    [told] = fleet.told("incomplete_bundle", "evidence_bundle", "created_at")
    assert not told["is_complete"]
    assert [item["type"] for item in told["items"] if not item["present"]] == ["sbom"]
    assert told["artifact_digest"] in {event["subject_digest"] for event in fleet.of("sbom", name)}
    lacking = [event["repo"] for event in fleet.of("evidence_bundle") if not event["is_complete"]]
    assert sorted(lacking) == sorted([name, STORIES["missing_provenance"].repository])


def _hollow_tests(fleet: Evidence, name: str) -> None:
    scores = [
        sum(mutant["status"] in ("killed", "timeout") for mutant in event["mutants"]) / len(event["mutants"])
        for event in fleet.told("hollow_tests", "mutation_run", "generated_at")
    ]
    coverage = [
        sum(file["lines_covered"] for file in event["files"]) / sum(file["lines_valid"] for file in event["files"])
        for event in fleet.of("coverage_report", name)
    ]
    assert min(coverage) > 0.9
    assert scores[0] - scores[-1] > 0.15


def _priced_runs(fleet: Evidence, name: str) -> None:
    runs = fleet.of("pipeline_run", name)
    assert runs
    assert not any("usd" in event["cost"] for event in runs)
    assert {job["runner_label"] for event in runs for job in event["jobs"]} == {"ubuntu-24.04"}
    assert {event["runner_type"] for event in runs} == {"hosted"}


def _policy_bypass(fleet: Evidence, name: str) -> None:
    deployed = [event for event in fleet.told("policy_bypass", "deployment", "started_at") if event["is_production"]]
    asked = {event["deployment_id"] for event in fleet.of("policy_decision", name)}
    assert deployed
    assert not {event["deployment_id"] for event in deployed} & asked
    assert asked
    runs = {event["deployment_id"]: event for event in fleet.of("pipeline_run", name) if "deployment_id" in event}
    assert not any("policies" in runs[event["deployment_id"]] for event in deployed)


def _late_signature(fleet: Evidence, name: str) -> None:
    signed = {
        event["subject_digest"]: event["checked_at"]
        for event in fleet.of("verification", name)
        if event["check"] == "signature"
    }
    late = {
        event["artifact_digest"]
        for event in live_deployments(fleet, name)
        if event["artifact_digest"] in signed and signed[event["artifact_digest"]] > event["finished_at"]
    }
    told = {event["artifact_digest"] for event in fleet.told("late_signature", "deployment", "started_at")}
    assert late
    assert late <= told


def _failed_drill(fleet: Evidence, name: str) -> None:
    (drill,) = [event for event in fleet.of("dr_drill", name) if "disruption_at" in event]
    assert _rto_ms(drill) > drill["objectives"]["rto_ms"]
    assert drill["manifest_sha256"] != drill["restored_manifest_sha256"]


def _fragile_service(fleet: Evidence, name: str) -> None:
    outcomes = [event["outcome"] for event in fleet.of("chaos_experiment", name)]
    assert outcomes.count("recovered") < len(outcomes) / 2
    assert {"failed", "degraded"} <= set(outcomes)


def _slow_review(fleet: Evidence, name: str) -> None:
    hours = grouped(
        [
            {"repo": event["repo"], "hours": _hours(event["first_review_at"], event["approved_at"])}
            for event in fleet.of("pull_request")
            if "approved_at" in event and event["author_type"] == "human"
        ],
        "repo",
    )
    medians = {repository: median(each["hours"] for each in events) for (repository,), events in hours.items()}
    assert medians.pop(name) > 36
    assert max(medians.values()) < 12


def _metered_energy(fleet: Evidence, name: str) -> None:
    runs = fleet.of("pipeline_run", name)
    assert runs
    assert all(event["energy"]["kwh"] >= 0 for event in runs)
    assert not any("carbon_g_co2e" in event or "usd" in event["cost"] for event in runs)
    assert {event["region"] for event in runs} == {"europe-north1"}


def _overridden_canary(fleet: Evidence, name: str) -> None:
    told = fleet.told("overridden_canary", "canary_decision", "recorded_at")
    rolled_back = [event for event in told if event["decision"] == "rollback"]
    live = {event["deployment_id"] for event in live_deployments(fleet, name)}
    assert {event["deployment_id"] for event in rolled_back} & live
    others = [event for event in fleet.of("canary_decision", name) if event not in told]
    assert {event["decision"] for event in others if event["deployment_id"] in live} == {"promote"}


def _unpatched_cve(fleet: Evidence, name: str) -> None:
    scans = fleet.told("unpatched_cve", "vulnerability_scan", "scanned_at")
    live = {event["artifact_digest"] for event in live_deployments(fleet, name)}
    found = [
        finding
        for scan in scans
        for finding in scan["findings"]
        if finding["is_kev"] and finding["severity"] == "critical" and finding["fixed_in"]
    ]
    assert len(scans) == 60
    assert len(found) == 60
    assert len({finding["vulnerability_id"] for finding in found}) == 1
    assert scans[-1]["subject_digest"] in live


def _refuted_signature(fleet: Evidence, name: str) -> None:
    refuted = [
        event for event in fleet.of("verification") if event["check"] == "signature" and event["verdict"] == "refuted"
    ]
    assert {event["repo"] for event in refuted} == {name}
    assert {day_of(event["checked_at"]).weekday() for event in refuted} == {2}


def _silent_source(fleet: Evidence, name: str) -> None:
    begins, _ = STORIES["silent_source"].span(fleet.world.until)
    days = {day_of(event["started_at"]) for event in fleet.of("pipeline_run", name)}
    assert max(days) < begins
    assert begins - max(days) < timedelta(days=4)
    assert fleet.of("repository", name)[-1]["is_active"]


def _archived_service(fleet: Evidence, name: str) -> None:
    begins, _ = STORIES["archived_service"].span(fleet.world.until)
    first, last = fleet.of("repository", name)
    assert (first["is_active"], last["is_active"]) == (True, False)
    assert day_of(last["valid_from"]) == begins
    assert all(day_of(event["started_at"]) < begins for event in fleet.of("deployment", name))


def _native_api_words(fleet: Evidence, name: str) -> None:
    for topic in ("pipeline_run", "pipeline_job"):
        events = fleet.of(topic, name)
        assert {event["status"] for event in events} == {"unknown"}
        assert {"success", "failed", "canceled"} <= {event["status_original"] for event in events}


def _recovered_by_rerun(fleet: Evidence, name: str) -> None:
    attempts = grouped(fleet.of("pipeline_run", name), "run_id")
    recovered = [
        run for run in attempts.values() if [event["status_original"] for event in run][:2] == ["failed", "success"]
    ]
    assert len(recovered) / len(attempts) > 0.1
    assert all(len({event["commit_sha"] for event in run}) == 1 for run in recovered)


def _stale_drill(fleet: Evidence, name: str) -> None:
    (drill,) = [event for event in fleet.of("dr_drill", name) if "disruption_at" in event]
    assert fleet.world.until - day_of(drill["disruption_at"]) > timedelta(days=90)
    assert _rto_ms(drill) <= drill["objectives"]["rto_ms"]


def _invalid_chaos(fleet: Evidence, name: str) -> None:
    experiments = fleet.of("chaos_experiment", name)
    invalid = [event for event in experiments if event["outcome"] == "invalid"]
    assert 0.4 < len(invalid) / len(experiments) < 0.6
    assert not any(event["is_steady_before"] for event in invalid)


def _unfinished_drill(fleet: Evidence, name: str) -> None:
    steps = fleet.of("dr_drill", name)
    assert len(steps) == 2
    assert all("step" in event and "disruption_at" not in event for event in steps)


def _dependency_bots(fleet: Evidence, name: str) -> None:
    commits = [commit["actor_type"] for event in fleet.of("deployment", name) for commit in event.get("commits", ())]
    assert 0.3 < commits.count("bot") / len(commits) < 0.6


def _vex_not_affected(fleet: Evidence, name: str) -> None:
    under_investigation, not_affected = (event["statements"][0] for event in fleet.of("vex", name))
    assert under_investigation["status"] == "under_investigation"
    assert not_affected["status"] == "not_affected"
    assert not_affected["justification"]
    for scan in fleet.told("vex_not_affected", "vulnerability_scan", "scanned_at"):
        found = [each for each in scan["findings"] if each["vulnerability_id"] == not_affected["vulnerability"]]
        assert [each["component_purl"] for each in found] == not_affected["subcomponents"]


def _slow_build(fleet: Evidence, name: str) -> None:
    begins, _ = STORIES["slow_build"].span(fleet.world.until)
    builds = [event for event in fleet.of("job_telemetry", name) if event["job"] == "build" and event["cache_hit"]]
    before = [event["duration_ms"] for event in builds if day_of(event["recorded_at"]) < begins]
    since = [event["duration_ms"] for event in builds if day_of(event["recorded_at"]) >= begins]
    assert 1.4 < median(since) / median(before) < 2.0


def _open_incident(fleet: Evidence, name: str) -> None:
    versions = grouped(fleet.of("incident", name), "incident_id")
    unresolved = [incident for incident in versions.values() if "resolved_at" not in incident[-1]]
    assert [day_of(incident[-1]["opened_at"]) for incident in unresolved] == [fleet.world.until - timedelta(days=2)]


def _superseded_runs(fleet: Evidence, name: str) -> None:
    runs = [event for event in fleet.of("pipeline_run", name) if event["status"] != "running"]
    canceled = [event for event in runs if event["status"] == "canceled"]
    replacing = grouped(runs, "branch")
    assert len(canceled) / len(runs) > 0.2
    assert all(len(replacing[event["branch"],]) > 1 for event in canceled if event["event"] == "pull_request")


def _long_queue(fleet: Evidence, name: str) -> None:
    waits = sorted(event["queue_ms"] for event in fleet.of("pipeline_run", name) if "queue_ms" in event)
    assert waits[len(waits) // 2] > 10 * 60_000
    assert waits[-len(waits) // 50] > 50 * 60_000


def _corrected_runs(fleet: Evidence, name: str) -> None:
    versions = grouped(fleet.of("pipeline_run", name), "run_id", "run_attempt")
    twice = [run for run in versions.values() if len(run) == 2]
    assert len(twice) > 0.95 * len(versions)
    for first, last in twice:
        assert first["status"] == "running"
        assert last["status"] != "running"
        assert first["emitted_at"] < last["emitted_at"]


def _not_deployed(fleet: Evidence, name: str) -> None:
    assert not fleet.of("deployment", name)
    assert fleet.of("release", name)
    assert fleet.of("repository", name)[-1]["is_active"]


def _old_contract(fleet: Evidence, name: str) -> None:
    assert {event["schema"] for event in fleet.of("pipeline_run", name)} == {"pipeline_run.v1.2"}


def _missing_provenance(fleet: Evidence, name: str) -> None:
    told = fleet.told("missing_provenance", "sbom", "created_at")
    checked = {event["subject_digest"] for event in fleet.of("verification", name) if event["check"] == "provenance"}
    assert told
    assert checked
    assert not {event["subject_digest"] for event in told} & checked


def _policy_denials(fleet: Evidence, name: str) -> None:
    decisions = fleet.of("policy_decision", name)
    denied = {event["deployment_id"] for event in decisions if event["decision"] == "deny"}
    statuses = {event["deployment_id"]: event["status"] for event in fleet.of("deployment", name)}
    assert denied
    assert {statuses[deployment_id] for deployment_id in denied} == {"failed"}
    assert any(event["decision"] == "exempt" and event["reason"] for event in decisions)


def _hours(begins: str, ends: str) -> float:
    return (datetime.fromisoformat(ends) - datetime.fromisoformat(begins)) / timedelta(hours=1)


def _unfixed_warning(fleet: Evidence, name: str) -> None:
    begins, _ = STORIES["unfixed_warning"].span(fleet.world.until)
    runs = fleet.of("dbt_run", name)
    words = {
        day_of(run["ended_at"]): {
            result["status"] for result in run["results"] if result["unique_id"].startswith("test.")
        }
        for run in runs
    }
    assert len(runs) == fleet.world.days
    assert {word for day, of_day in words.items() if day < begins for word in of_day} == {"pass"}
    assert all(of_day == {"pass", "warn"} for day, of_day in words.items() if day >= begins)


def _rto_ms(drill: dict[str, str]) -> float:
    elapsed = datetime.fromisoformat(drill["restored_at"]) - datetime.fromisoformat(drill["disruption_at"])
    return elapsed / timedelta(milliseconds=1)


CHECKS: dict[str, Callable[[Evidence, str], None]] = {
    name.removeprefix("_"): check
    for name, check in list(globals().items())
    if name.removeprefix("_") in STORIES and callable(check)
}


def test_every_story_is_looked_for() -> None:
    assert CHECKS.keys() == STORIES.keys()


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("story", STORIES)
def test_the_story_is_found_in_what_was_written(story: str, world: tuple[int, int, date]) -> None:
    CHECKS[story](evidence(*world), STORIES[story].repository)


def test_the_stories_are_listed_with_who_when_and_where() -> None:
    result = CliRunner().invoke(cli, ["simulate", "--list-stories", "--until", "2026-03-05", "--json"])

    listed = {fields["story"]: fields for fields in map(json.loads, result.stdout.splitlines())}
    assert listed.keys() == STORIES.keys()
    assert listed["bad_deployment_week"]["when"] == "2026-02-16 to 2026-02-22"
    assert listed["silent_source"]["when"] == "since 2026-02-13"
    assert listed["failed_drill"]["when"] == "2026-02-18"
    assert listed["old_contract"]["when"] == "all the time"
    assert listed["unpatched_cve"]["repository"] == "simulated/media"


def test_the_stories_are_told_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "simulated_fleet.md").read_text()

    assert [name for name in STORIES if f"`{name}`" not in page] == []
