"""A pipeline says what it did: one event with the provider's own run id, out of its environment and its reports."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hub import COMMIT, PROJECT, Hub, event, lines

FIXTURES = Path(__file__).parents[1] / "ingest" / "readers" / "fixtures"
HEAD = "b" * 40
GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_RUN_ID": "9007199254740993",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_RUN_NUMBER": "17",
    "GITHUB_SHA": COMMIT,
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REF_NAME": "main",
    "GITHUB_WORKFLOW": "CI",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_JOB": "test",
    "GITHUB_ACTOR": "octo",
    "RUNNER_OS": "Linux",
    "RUNNER_ENVIRONMENT": "github-hosted",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_PROJECT_PATH": "acme/group/shop",
    "CI_PIPELINE_ID": "77",
    "CI_PIPELINE_IID": "5",
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_PIPELINE_CREATED_AT": "2026-02-03T10:00:00Z",
    "CI_COMMIT_SHA": COMMIT,
    "CI_COMMIT_REF_NAME": "feature",
    "CI_MERGE_REQUEST_IID": "8",
    "CI_DEFAULT_BRANCH": "main",
    "CI_JOB_NAME": "unit",
    "CI_JOB_ID": "501",
    "CI_JOB_STARTED_AT": "2026-02-03T10:01:00Z",
    "CI_JOB_STATUS": "failed",
    "GITLAB_USER_LOGIN": "project_12_bot_ab12",
    "CI_RUNNER_EXECUTABLE_ARCH": "linux/amd64",
}
JUNIT = b"""<testsuite name="cart" time="1.5"><testcase name="adds" time="1"/>
<testcase name="pays"><failure/></testcase><testcase name="ships"><skipped/></testcase>
<testcase name="waits"><flakyFailure/></testcase></testsuite>"""
NOWHERE = dict.fromkeys(("GITHUB_ACTIONS", "GITLAB_CI"), "")


def payload(hub: Hub, **fields: Any) -> dict[str, str]:
    """Return GitHub's variables with the event's file beside them."""
    path = hub.file("event.json", json.dumps({"repository": {"default_branch": "main"}, **fields}).encode())
    return {**GITHUB, "GITHUB_EVENT_PATH": str(path)}


def emitted(hub: Hub, *arguments: str | Path, env: dict[str, str], exit_code: int = 0) -> dict[str, Any]:
    """Emit, load what was emitted, and return it: whatever is emitted can be loaded."""
    out = hub.folder / "run.json"
    result = hub.run("emit", "pipeline-run", *arguments, "--out", out, env={**NOWHERE, **env})
    assert result.exit_code == exit_code, result.output
    [report] = hub.load(out)
    assert (report["loaded"], report["contracts"]) == (1, {"pipeline_run.v1.3": 1})
    made: dict[str, Any] = json.loads(out.read_bytes())
    return made


def test_githubs_variables_say_which_run_it_was(hub: Hub) -> None:
    made = emitted(hub, "--status", "success", env=payload(hub, sender={"login": "octo", "type": "User"}))

    assert {name: made[name] for name in ("provider", "repo", "run_id", "run_attempt", "run_number")} == {
        "provider": "github", "repo": "acme/shop", "run_id": "9007199254740993", "run_attempt": 2, "run_number": 17,
    }  # fmt: skip
    assert (made["workflow"], made["event"], made["actor"], made["actor_type"]) == ("CI", "push", "octo", "human")
    assert (made["branch"], made["is_default_branch"], made["commit_sha"]) == ("main", True, COMMIT)
    assert (made["runner_os"], made["runner_type"], made["status"]) == ("linux", "hosted", "success")
    assert [(job["id"], job["status"]) for job in made["jobs"]] == [("test", "success")]
    assert "tests" not in made
    assert "cost" not in made


def test_a_pull_request_is_of_its_head_not_of_the_merge_that_was_tried(hub: Hub) -> None:
    env = payload(hub, pull_request={"number": 7, "head": {"sha": HEAD}}) | {
        "GITHUB_EVENT_NAME": "pull_request", "GITHUB_HEAD_REF": "main", "GITHUB_REF": "refs/pull/7/merge",
    }  # fmt: skip

    made = emitted(hub, env=env)

    assert (made["commit_sha"], made["pr"]) == (HEAD, 7)
    # A fork's branch may have the default branch's name.
    assert (made["branch"], made["is_default_branch"]) == ("main", False)


def test_gitlabs_variables_say_it_too_with_the_pipelines_own_start(hub: Hub) -> None:
    made = emitted(hub, env=GITLAB)

    assert (made["provider"], made["repo"], made["run_id"], made["pr"]) == ("gitlab", "acme/group/shop", "77", 8)
    assert (made["started_at"], made["status"], made["actor_type"]) == ("2026-02-03T10:00:00.000Z", "failed", "bot")
    assert made["jobs"][0] | {"duration_ms": 0, "completed_at": ""} == {
        "id": "501", "name": "unit", "status": "failed", "started_at": "2026-02-03T10:01:00.000Z",
        "duration_ms": 0, "completed_at": "",
    }  # fmt: skip


def test_on_a_desk_git_says_what_it_is_of(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hub.folder)
    for command in (
        "init -q -b main",
        "remote add origin git@example.org:acme/shop.git",
        "-c user.name=a -c user.email=a@example.org commit -q --allow-empty -m one",
    ):
        subprocess.run(["git", *command.split()], check=True)

    made = emitted(hub, "--started-at", "2026-02-03T10:00:00Z", env={})

    assert (made["provider"], made["repo"], made["branch"]) == ("local", "acme/shop", "main")
    assert len(made["commit_sha"]) == 40


def test_a_run_whose_end_nobody_said_is_still_running(hub: Hub) -> None:
    made = emitted(hub, env=payload(hub))

    assert made["status"] == "running"
    assert not {"ended_at", "jobs"} & made.keys()


def test_a_word_that_nobody_knows_is_unknown_and_kept(hub: Hub) -> None:
    made = emitted(hub, "--status", "exploded", env=payload(hub))

    assert (made["status"], made["status_original"]) == ("unknown", "exploded")


def test_reports_are_added_up_each_once(hub: Hub) -> None:
    hub.file("reports/junit.xml", JUNIT)
    hub.file("reports/again.xml", JUNIT)
    hub.file("reports/log.txt", b"no report at all")
    hub.file(
        "reports/coverage.json",
        json.dumps({"meta": {"version": "7.6", "format": 2, "timestamp": "2026-02-03T10:00:00"}, "totals": {},
                    "files": {"a.py": {"executed_lines": [1, 2, 3], "missing_lines": [4],
                                       "summary": {"num_statements": 4, "covered_lines": 3}}}}).encode(),
    )  # fmt: skip
    hub.file("reports/policy.ndjson", lines(event(decision="deny", rule="a", reason="no"), event(decision="exempt")))

    made = emitted(hub, hub.folder / "reports", "--status", "failure", env=payload(hub))

    assert made["tests"] | {"duration_ms": 0} == {
        "total": 4, "failed": 1, "skipped": 1, "flaky": 1, "duration_ms": 0, "coverage": {"lines_pct": 0.75},
    }  # fmt: skip
    assert made["policies"] == [{"id": "images-are-signed/a", "result": "deny", "reason": "no"}]


def test_mutants_are_scored_as_the_contract_says(hub: Hub) -> None:
    hub.file("reports/junit.xml", JUNIT)
    statuses = ["killed", "killed", "survived", "timeout", "no_coverage", "ignored", "runtime_error"]
    run = event(
        schema="mutation_run.v1.0", commit_sha=COMMIT, tool="stryker", target="cart",
        generated_at="2026-02-03T10:00:00Z",
        mutants=[{"id": str(number), "file": "a.ts", "mutator": "x", "status": status}
                 for number, status in enumerate(statuses)]
        + [{"id": "e", "file": "a.ts", "mutator": "x", "status": "survived", "is_equivalent": True,
            "status_reason": "the same"}],
    )  # fmt: skip
    for name in ("policy", "mode", "engine", "subject", "decision", "decided_at"):
        del run[name]
    hub.file("reports/mutants.ndjson", lines(run))

    made = emitted(hub, hub.folder / "reports", "--status", "success", env=payload(hub))

    assert made["tests"]["resilience"] == {"mutants_total": 6, "killed": 2, "equiv": 1, "timeout": 1, "score": 0.4}


def test_a_report_that_cannot_be_read_leaves_out_the_tests_since_a_part_would_pass_for_the_whole(hub: Hub) -> None:
    hub.file("reports/junit.xml", JUNIT)
    hub.file("reports/cut.xml", JUNIT[:60])
    out = hub.folder / "run.json"

    result = hub.run("emit", "pipeline-run", hub.folder / "reports", "--out", out, env={**NOWHERE, **payload(hub)})

    assert result.exit_code == 1
    assert "cut.xml" in result.stderr
    assert "left out: tests" in result.stderr
    assert "tests" not in json.loads(out.read_bytes())


def test_nothing_measured_is_left_out_and_never_zero(hub: Hub) -> None:
    hub.file("reports/junit.xml", b'<testsuite name="empty" tests="0"></testsuite>')

    made = emitted(hub, hub.folder / "reports", "--status", "success", env=payload(hub))

    assert "coverage" not in made["tests"]
    assert "resilience" not in made["tests"]
    assert not {"energy", "carbon_g_co2e", "cost", "chaos", "policies"} & made.keys()


def record(hub: Hub, *arguments: str | Path, env: dict[str, str] | None = None) -> int:
    result = hub.run(
        "record", "job", "--out", hub.folder / "jobs.ndjson", *arguments, env={**NOWHERE, **(env or GITHUB)}
    )
    return result.exit_code


def test_recorded_jobs_are_the_runs_jobs_and_priced_only_if_they_are_all(hub: Hub) -> None:
    for name, milliseconds in (("build", 61_000), ("test", 59_000)):
        assert record(hub, "--job", name, "--status", "success", "--duration-ms", str(milliseconds), "--cache-hit") == 0
    jobs = hub.folder / "jobs.ndjson"

    part = emitted(hub, jobs, "--status", "success", "--runner-label", "ubuntu-latest", env=payload(hub))
    whole = emitted(
        hub, jobs, "--status", "success", "--runner-label", "ubuntu-latest", "--whole-run", env=payload(hub)
    )

    assert [(job["name"], job["duration_ms"], job["cache"]) for job in whole["jobs"]] == [
        ("build", 61_000, {"hit": True}), ("test", 59_000, {"hit": True}),
    ]  # fmt: skip
    # Two minutes and one, begun minutes being billed, at the list price of 2026.
    assert (part.get("cost"), whole["cost"]) == (None, {"usd": 0.018})


def test_a_job_without_a_price_leaves_out_the_cost(hub: Hub) -> None:
    record(hub, "--job", "build", "--status", "success", "--duration-ms", "1000")
    result = hub.run(
        "emit", "pipeline-run", hub.folder / "jobs.ndjson", "--status", "success", "--whole-run",
        "--runner-label", "a-mainframe", env={**NOWHERE, **payload(hub)},
    )  # fmt: skip

    assert result.exit_code == 0
    assert "left out: cost: the job 'build' has no price" in result.stderr
    assert "cost" not in json.loads(result.stdout)


@pytest.mark.parametrize(("region", "grams"), [("europe-west1", 20.674), ("moon-base1", None), (None, None)])
def test_carbon_is_energy_in_a_region_with_a_figure_else_unknown(
    hub: Hub, region: str | None, grams: float | None
) -> None:
    options = ["--energy-kwh", "0.2", *(["--region", region] if region else [])]

    made = emitted(hub, *options, "--status", "success", "--started-at", "2024-06-01T00:00:00Z", env=payload(hub))

    assert made["energy"] == {"kwh": 0.2}
    assert made.get("carbon_g_co2e") == (pytest.approx(grams) if grams else None)


def test_a_run_that_says_nothing_of_its_start_is_wrong_usage(hub: Hub) -> None:
    result = hub.run("emit", "pipeline-run", env={**NOWHERE, **GITHUB, "GITHUB_EVENT_PATH": ""})

    assert (result.exit_code, "--started-at" in result.stderr) == (2, True)


def test_a_payload_that_is_rubbish_costs_only_what_it_would_have_said(hub: Hub) -> None:
    made = emitted(hub, env={**GITHUB, "GITHUB_EVENT_PATH": str(hub.file("event.json", b"{rubbish"))})

    assert "is_default_branch" not in made


def test_telemetry_of_many_processes_at_once_is_whole(hub: Hub) -> None:
    started = [
        hub.start("record", "job", "--out", hub.folder / "jobs.ndjson", "--job", f"job {number}", "--status", "success",
                  "--duration-ms", str(number), "--notes", "x" * 20_000, env=GITHUB)
        for number in range(8)
    ]  # fmt: skip
    assert [process.wait(timeout=120) for process in started] == [0] * 8

    [report] = hub.load(hub.folder / "jobs.ndjson")

    assert (report["loaded"], report["rejected"]) == (8, 0)


def test_a_line_that_a_killed_writer_left_spoils_no_other(hub: Hub) -> None:
    hub.file("jobs.ndjson", b'{"schema": "job_telemetry.v1.0", "job": "cut')
    record(hub, "--job", "build", "--status", "success", "--duration-ms", "1")

    [report] = hub.load(hub.folder / "jobs.ndjson", exit_code=1)

    assert (report["loaded"], report["rejected"]) == (1, 1)


@pytest.mark.parametrize(
    ("command", "exit_code", "status"),
    [
        ("exit 0", 0, "success"),
        ("exit 3", 3, "failure"),
        ("kill -TERM $$", 143, "canceled"),
        ("kill -9 $$", 137, "failure"),
    ],
)
def test_a_command_is_measured_and_its_exit_code_kept(hub: Hub, command: str, exit_code: int, status: str) -> None:
    assert record(hub, "--job", "unit", "--", "bash", "-c", command) == exit_code

    [line] = (hub.folder / "jobs.ndjson").read_bytes().splitlines()
    assert {name: json.loads(line)[name] for name in ("job", "status", "run_id", "run_attempt")} == {
        "job": "unit", "status": status, "run_id": GITHUB["GITHUB_RUN_ID"], "run_attempt": 2,
    }  # fmt: skip


def test_telemetry_that_cannot_be_written_does_not_fail_the_job(hub: Hub) -> None:
    below = hub.file("occupied", b"") / "jobs.ndjson"

    result = hub.run("record", "job", "--out", below, "--job", "unit", "--", "true", env={**NOWHERE, **GITHUB})

    assert (result.exit_code, "warning" in result.stderr) == (0, True)


def test_a_canceled_job_leaves_its_telemetry(hub: Hub) -> None:
    running = hub.start(
        "record", "job", "--out", hub.folder / "jobs.ndjson", "--job", "slow", "--", "bash", "-c", "echo up; sleep 60",
        env=GITHUB, start_new_session=True,
    )  # fmt: skip
    assert running.stdout is not None
    assert running.stdout.readline() == b"up\n"
    # As a terminal and GitHub's runner do it: to all processes of the job.
    os.killpg(running.pid, signal.SIGINT)
    running.communicate(timeout=60)

    [line] = (hub.folder / "jobs.ndjson").read_bytes().splitlines()
    assert (json.loads(line)["status"], running.returncode) == ("canceled", 130)


def checkout_of(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a clone of acme/shop, which is the working folder now, with a `make test` that leaves a report."""
    folder = hub.folder / "shop"
    hub.file("shop/Makefile", b"test:\n\tmkdir -p evidence && cp ../junit.xml evidence/\n")
    hub.file("junit.xml", JUNIT)
    monkeypatch.chdir(folder)
    for command in (
        "init -q -b main",
        "remote add origin git@example.org:acme/shop.git",
        "-c user.name=a -c user.email=a@example.org commit -q --allow-empty -m one",
    ):
        subprocess.run(["git", *command.split()], check=True)
    return folder


def test_the_readmes_three_commands_work_in_a_clone_on_a_desk(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = checkout_of(hub, monkeypatch)
    text = (PROJECT / "README.md").read_text().partition("Elsewhere the same in commands:")[2]
    commands = [line.removeprefix("$ ci-intel ") for line in text.split("```")[1].splitlines() if line.startswith("$")]

    ended = [hub.finish(*shlex.split(command), env=NOWHERE, cwd=folder) for command in commands]

    assert [one.returncode for one in ended] == [0, 0, 0], ended
    [(run_id, commit)] = hub.rows("select run_id, commit_sha from raw.pipeline_runs")
    assert hub.rows("select provider, repository, run_id, commit_sha from raw.test_suites") == [
        ("local", "acme/shop", run_id, commit)
    ]
    assert hub.rows("select provider, repository, commit_sha, job from raw.job_telemetry") == [
        ("local", "acme/shop", commit, "unit-tests")
    ]
    assert set(hub.rows("select context_source from raw.loads")) == {("evidence",)}


def test_what_a_run_left_below_its_event_is_the_runs_also_after_it_waited_in_a_spool(
    hub: Hub, locked: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout_of(hub, monkeypatch)
    hub.run("emit", "pipeline-run", "--started-at", "2026-02-03T10:00:00Z", "--out", "evidence/run.json", env=NOWHERE)
    hub.file("shop/evidence/reports/unit/junit.xml", JUNIT)

    hub.load("evidence", "--spool", hub.folder / "spool", "--lock-timeout", "0.2", env=NOWHERE)
    locked.communicate()
    delivered = hub.load(hub.folder / "spool", env=NOWHERE)

    assert [one["status"] for one in delivered] == ["loaded", "loaded"]
    assert hub.value("select repository from raw.test_suites") == "acme/shop"
    assert hub.value("select count(distinct run_id) from raw.test_suites join raw.pipeline_runs using (run_id)") == 1


def test_a_report_beside_the_events_of_two_runs_is_of_neither(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout_of(hub, monkeypatch)
    for name in ("one", "two"):
        hub.run("emit", "pipeline-run", "--started-at", "2026-02-03T10:00:00Z", "--out", f"evidence/{name}.json",
                env=NOWHERE)  # fmt: skip
    report = hub.file("shop/evidence/junit.xml", JUNIT)

    [refused] = hub.load(report, exit_code=1, env=NOWHERE)
    [said] = hub.load(report, "--repository", "acme/other", env=NOWHERE)

    assert (refused["code"], "add --repository OWNER/NAME" in refused["message"]) == ("context_missing", True)
    assert said["status"] == "loaded"
    assert hub.rows("select repository, run_id from raw.test_suites") == [("acme/other", None)]


def test_a_job_of_which_nobody_knows_the_repository_is_not_recorded(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hub.folder)

    measured = hub.run("record", "job", "--job", "unit", "--", "true", env=NOWHERE)
    said = hub.run("record", "job", "--job", "unit", "--status", "success", "--duration-ms", "1", env=NOWHERE)

    assert (measured.exit_code, said.exit_code) == (0, 2)
    assert "warning: not recorded: neither the CI's variables nor git say which repository" in measured.stderr
    assert "add --repository OWNER/NAME" in " ".join(said.stderr.split())
    assert not (hub.folder / "evidence").exists()


def test_a_dash_is_standard_output_and_no_file(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hub.folder)

    result = hub.run("emit", "pipeline-run", "--status", "success", "--out", "-", env={**NOWHERE, **payload(hub)})

    assert result.exit_code == 0
    assert json.loads(result.stdout)["repo"] == "acme/shop"
    assert "wrote acme/shop run 9007199254740993, success" in result.stderr
    assert not (hub.folder / "-").exists()


def test_a_jobs_telemetry_is_no_part_of_its_output(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hub.folder)

    result = hub.run("record", "job", "--out", "-", "--job", "unit", "--", "true", env={**NOWHERE, **GITHUB})

    assert (result.exit_code, "appended to a file" in result.stderr) == (2, True)
    assert not (hub.folder / "-").exists()
