from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fleet_events import Evidence, evidence, failed_deployments, grouped, live_deployments, texts

from ci_intel import contracts
from ci_intel.cli import cli
from simulate import evidence as files
from simulate.chance import chance
from simulate.domains import DOMAINS
from simulate.fleet import FLEET
from simulate.stories import STORIES
from simulate.world import World

UNTIL = date(2026, 3, 2)
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T.*Z")
PROJECT = Path(__file__).parents[2]
TOPICS = sorted(topic for topics in DOMAINS.values() for topic in topics)


@pytest.fixture(scope="module")
def fleet() -> Evidence:
    return evidence(90, 7, UNTIL)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["simulate", *map(str, arguments)])


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_every_version_of_every_contract_it_speaks_has_events(fleet: Evidence) -> None:
    spoken = {event["schema"] for events in fleet.events.values() for event in events}

    assert spoken == {contract.name for contract in contracts.contracts().values() if contract.topic in TOPICS}


def test_it_speaks_of_every_topic_that_has_more_than_a_staging_model() -> None:
    models = PROJECT / "models/intermediate"
    used = [
        topic.name
        for topic in contracts.topics().values()
        if (models / f"int_{topic.raw_tables[0]}_current.sql").exists()
    ]

    assert sorted(used) == TOPICS


def test_the_domains_say_which_topics_they_speak_of(fleet: Evidence) -> None:
    for topic, events in fleet.events.items():
        assert events, f"no domain yields {topic}"
        assert {event["schema"].partition(".")[0] for event in events} == {topic}


def test_a_load_would_reject_nothing(fleet: Evidence, tmp_path: Path) -> None:
    for topic, lines in fleet.lines.items():
        (tmp_path / f"{topic}.ndjson").write_bytes(b"\n".join(lines))

    result = CliRunner().invoke(cli, ["validate", str(tmp_path), "--json"])

    reports = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert {report["status"] for report in reports} == {"valid"}
    assert sum(report["rejected"] for report in reports) == 0
    assert len(reports) == len(TOPICS)


def test_the_same_three_give_the_same_bytes_under_any_hash_seed(tmp_path: Path) -> None:
    written = []
    for hash_seed in ("0", "4711"):
        folder = tmp_path / hash_seed
        subprocess.run(
            [
                sys.executable,
                "-m",
                "ci_intel.cli",
                "simulate",
                *f"--days 12 --seed 7 --until {UNTIL} --out".split(),
                folder,
            ],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(PROJECT)},
            cwd=PROJECT,
            check=True,
            capture_output=True,
        )
        written.append(digests(folder))

    assert written[0] == written[1]
    assert len(written[0]) == len(TOPICS) + 1


def test_another_seed_gives_another_past() -> None:
    one, other = evidence(12, 7, UNTIL), evidence(12, 8, UNTIL)

    assert not set(one.lines["deployment"]) & set(other.lines["deployment"])
    assert not set(one.lines["pipeline_run"]) & set(other.lines["pipeline_run"])


def test_one_more_day_leaves_the_others_as_they_were() -> None:
    shorter, longer = evidence(12, 7, UNTIL), evidence(13, 7, UNTIL)

    # The catalogue begins with the window; nothing else knows when that is.
    for topic in shorter.lines.keys() - {"repository"}:
        assert set(shorter.lines[topic]) <= set(longer.lines[topic]), topic
    assert len(longer.lines["pipeline_run"]) > len(shorter.lines["pipeline_run"])


def test_a_draw_depends_on_its_names_alone() -> None:
    assert (
        chance(7, "simulated/search", UNTIL, "runs").random() == chance(7, "simulated/search", UNTIL, "runs").random()
    )
    assert chance(7, "simulated/search", UNTIL, "runs").random() != chance(7, "simulated/media", UNTIL, "runs").random()


@pytest.mark.parametrize("topic", TOPICS)
def test_nothing_is_known_of_the_moment_at_which_the_window_ends_or_of_any_later_one(
    fleet: Evidence, topic: str
) -> None:
    end = fleet.world.end

    moments = [
        (name, datetime.fromisoformat(text))
        for event in fleet.events[topic]
        for name, text in texts(event)
        if MOMENT.fullmatch(text)
    ]

    assert moments
    assert all(moment < end for _, moment in moments)


def test_the_window_is_filled_to_its_last_evening(fleet: Evidence) -> None:
    newest = max(datetime.fromisoformat(event["started_at"]) for event in fleet.of("pipeline_run"))

    assert fleet.world.end - newest < timedelta(hours=8)


def test_every_event_is_labelled_as_simulated_and_points_nowhere(fleet: Evidence) -> None:
    for events in fleet.events.values():
        for event in events:
            assert event["repo"].startswith("simulated/")
            for name, text in texts(event):
                if "://" in text:
                    assert re.fullmatch(r"https://[a-z]+\.example\.org(/\S*)?", text), (name, text)


def test_the_fleet_is_about_a_dozen_repositories_with_owners_and_tiers(fleet: Evidence) -> None:
    catalogue = {event["repo"]: event for event in fleet.of("repository")}

    assert catalogue.keys() == {repository.name for repository in FLEET}
    assert len(catalogue) == 12
    assert all(event["team"] for event in catalogue.values())
    assert {event["tier"] for event in catalogue.values()} == {0, 1, 2, 3}


def test_ninety_days_are_enough_to_see_something_and_few_enough_to_load_quickly(fleet: Evidence) -> None:
    counts = {topic: len(events) for topic, events in fleet.events.items()}

    assert 7_000 < counts["pipeline_run"] < 12_000
    assert 1_000 < counts["test_report"] < 2_000
    assert sum(counts.values()) < 40_000


def test_most_runs_succeed_but_not_all(fleet: Evidence) -> None:
    statuses = [event.get("status_original", event["status"]) for event in fleet.of("pipeline_run")]
    concluded = [status for status in statuses if status in ("success", "failed", "timed_out")]

    assert 0.8 < concluded.count("success") / len(concluded) < 0.95
    assert {"canceled", "timed_out", "running"} <= set(statuses)


def test_about_one_deployment_in_ten_fails_its_users(fleet: Evidence) -> None:
    live = [event for repository in FLEET for event in live_deployments(fleet, repository.name)]
    failed = set().union(*(failed_deployments(fleet, repository.name) for repository in FLEET))

    assert 0.05 < len(failed & {event["deployment_id"] for event in live}) / len(live) < 0.16


def test_incidents_are_linked_to_deployments_by_id_or_by_service_only(fleet: Evidence) -> None:
    incidents = fleet.of("incident")
    known = {event["deployment_id"] for event in fleet.of("deployment")}

    linked = [event for event in incidents if "deployment_id" in event]
    assert linked
    assert len(linked) < len(incidents)
    assert {event["deployment_id"] for event in linked} <= known
    assert all(event["service"] for event in incidents)


def test_commits_reach_users_hours_or_days_after_they_were_made(fleet: Evidence) -> None:
    ages = sorted(
        datetime.fromisoformat(event["finished_at"]) - datetime.fromisoformat(commit["committed_at"])
        for event in fleet.of("deployment")
        for commit in event.get("commits", ())
    )

    assert ages[0] > timedelta(0)
    assert timedelta(hours=4) < ages[len(ages) // 2] < timedelta(days=2)


def test_a_rollback_puts_back_what_was_live_before(fleet: Evidence) -> None:
    deployments = {event["deployment_id"]: event for event in fleet.of("deployment")}
    rollbacks = [event for event in deployments.values() if event["is_rollback"]]

    assert rollbacks
    for rollback in rollbacks:
        failed = deployments[rollback["fixes_deployment_id"]]
        assert rollback["artifact_digest"] != failed["artifact_digest"]
        assert rollback["started_at"] > failed["finished_at"]


def test_what_is_deployed_was_built_by_a_run_that_passed_before(fleet: Evidence) -> None:
    passed = {
        (event["repo"], event["commit_sha"])
        for event in fleet.of("pipeline_run")
        if event.get("workflow", "ci") == "ci" and "success" in (event["status"], event.get("status_original"))
    }
    shipped = {
        (event["repo"], event["commit_sha"])
        for event in fleet.of("deployment")
        if event["is_production"] and not event["is_rollback"]
    }

    assert shipped <= passed


def test_test_reports_belong_to_runs_and_agree_with_them(fleet: Evidence) -> None:
    runs = {
        (event["repo"], event["run_id"], event.get("run_attempt", 1)): event
        for event in fleet.of("pipeline_run")
        if event["status"] != "running"
    }
    for report in fleet.of("test_report"):
        failed = sum(case["outcome"] == "failed" for case in report["cases"])
        run_of_report = runs[report["repo"], report["run_id"], report.get("run_attempt", 1)]
        assert failed == report["reported_failed_test_count"]
        if "tests" in run_of_report:
            assert failed == run_of_report["tests"]["failed"]
        assert 20 <= len(report["cases"]) <= 40


def test_a_commit_that_is_broken_fails_the_same_tests_each_time(fleet: Evidence) -> None:
    steady = [event for event in fleet.of("test_report") if event["repo"] != STORIES["flaky_suite"].repository]
    for reports in grouped(steady, "repo", "commit_sha").values():
        failures = {
            tuple(case["name"] for case in report["cases"] if case["outcome"] == "failed") for report in reports
        }
        assert len(failures) == 1


def test_coverage_and_mutants_are_measured_on_the_same_commits(fleet: Evidence) -> None:
    covered = {(event["repo"], event["commit_sha"], event["target"]) for event in fleet.of("coverage_report")}
    mutated = {(event["repo"], event["commit_sha"], event["target"]) for event in fleet.of("mutation_run")}

    assert mutated
    assert mutated <= covered


def test_every_day_until_now_may_be_the_last_but_none_that_is_yet_to_come(tmp_path: Path) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)

    refused = run("--until", tomorrow, "--out", tmp_path / "fleet")

    assert refused.exit_code == 2
    assert "future" in refused.stderr
    assert not (tmp_path / "fleet").exists()


def test_by_default_it_looks_back_from_today(tmp_path: Path) -> None:
    run("--days", 2, "--out", tmp_path)

    mark = json.loads((tmp_path / files.MARK).read_bytes())
    assert mark["until"] in {f"{datetime.now(UTC).date() - timedelta(days=back)}" for back in (0, 1)}


def test_an_earlier_simulation_is_replaced(tmp_path: Path) -> None:
    run("--days", 3, "--until", UNTIL, "--out", tmp_path)
    run("--days", 2, "--until", UNTIL, "--out", tmp_path)
    replaced = digests(tmp_path)

    run("--days", 2, "--until", UNTIL, "--out", tmp_path / "other")

    assert digests(tmp_path / "other") == replaced


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "real.ndjson").write_text("precious\n")

    refused = run("--days", 2, "--until", UNTIL, "--out", tmp_path)

    assert refused.exit_code == 2
    assert "real.ndjson" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["real.ndjson"]


def test_a_file_of_ours_that_no_simulation_wrote_is_foreign_too(tmp_path: Path) -> None:
    (tmp_path / "deployment.ndjson").write_text("precious\n")

    refused = run("--days", 2, "--until", UNTIL, "--out", tmp_path)

    assert refused.exit_code == 2
    assert (tmp_path / "deployment.ndjson").read_text() == "precious\n"


def test_force_writes_beside_other_files(tmp_path: Path) -> None:
    (tmp_path / "real.ndjson").write_text("precious\n")

    forced = run("--days", 2, "--until", UNTIL, "--out", tmp_path, "--force")

    assert forced.exit_code == 0
    assert (tmp_path / "real.ndjson").read_text() == "precious\n"
    assert (tmp_path / "deployment.ndjson").exists()


def test_hidden_files_are_nobodys_evidence_and_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / ".gitkeep").touch()

    assert run("--days", 2, "--until", UNTIL, "--out", tmp_path).exit_code == 0


def test_a_mark_that_was_tampered_with_has_nothing_deleted(tmp_path: Path) -> None:
    folder = tmp_path / "fleet"
    run("--days", 2, "--until", UNTIL, "--out", folder)
    (tmp_path / "real.ndjson").write_text("precious\n")
    (folder / files.MARK).write_text(json.dumps({"files": ["../real.ndjson", "repository.ndjson"]}))

    run("--days", 2, "--until", UNTIL, "--out", folder, "--force")

    assert (tmp_path / "real.ndjson").read_text() == "precious\n"


def test_a_disk_that_fails_leaves_whole_files_that_the_next_try_replaces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced = []

    def failing_third(path: Path, target: Path) -> Path:
        replaced.append(target)
        if len(replaced) == 3:
            raise OSError(28, "No space left on device")
        os.replace(path, target)  # noqa: PTH105 - Path.replace is what is broken here
        return target

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", failing_third)
        failed = run("--days", 2, "--until", UNTIL, "--out", tmp_path)
    again = run("--days", 2, "--until", UNTIL, "--out", tmp_path)

    assert failed.exit_code == 3
    assert "No space left" in failed.stderr
    assert again.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        files.MARK,
        *(f"{topic}.ndjson" for topic in TOPICS),
    }


def test_it_says_what_it_wrote_and_what_to_do_next(tmp_path: Path) -> None:
    result = run("--days", 2, "--until", UNTIL, "--out", tmp_path)

    assert f"ci-intel load {tmp_path}" in result.stdout
    for topic in TOPICS:
        assert f"{topic}.ndjson" in result.stdout


def test_json_counts_the_events_of_each_file(tmp_path: Path) -> None:
    result = run("--days", 2, "--until", UNTIL, "--out", tmp_path, "--json")

    for line in result.stdout.splitlines():
        file = json.loads(line)
        content = Path(file["file"]).read_bytes()
        assert file["events"] == content.count(b"\n")
        assert file["bytes"] == len(content)


def test_without_a_folder_it_says_which_option_is_missing() -> None:
    result = run("--days", 2)

    assert result.exit_code == 2
    assert "--out" in result.stderr


def test_a_world_ends_with_the_midnight_at_which_its_last_day_begins() -> None:
    world = World(2, 7, UNTIL)

    assert list(world.dates()) == [UNTIL - timedelta(days=2), UNTIL - timedelta(days=1)]
    assert world.end == datetime(2026, 3, 2, tzinfo=UTC)


def test_each_change_that_is_deployed_was_merged_as_a_pull_request_of_its_own(fleet: Evidence) -> None:
    shipped = [
        (event["repo"], commit["sha"], commit["committed_at"])
        for event in fleet.of("deployment")
        for commit in event.get("commits", ())
    ]
    merged = [
        (event["repo"], event["merge_commit_sha"], event["merged_at"])
        for event in fleet.of("pull_request")
        if "merge_commit_sha" in event
    ]

    # A change whose deployment ends after the window was merged within it.
    assert set(shipped) <= set(merged)
    assert len(set(merged)) == len(merged)
    assert len(merged) - len(set(shipped)) < 10


def test_the_numbers_of_pull_requests_are_unique_in_their_repository(fleet: Evidence) -> None:
    versions = grouped(fleet.of("pull_request"), "repo", "number")

    assert all(len({event["opened_at"] for event in events}) == 1 for events in versions.values())
    assert {len(events) for events in versions.values()} == {1, 2}
