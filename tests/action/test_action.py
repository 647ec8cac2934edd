"""One line in a pipeline: every step of the action and of the workflows does what it says, in a bare environment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml
from runner import PROJECT, Runner, defaults_of, steps_of
from writer import writing

COMMIT = "a" * 40
PYTHON = str(Path(sys.base_prefix) / "bin" / "python3")
JUNIT = b'<testsuite name="cart"><testcase name="adds"/><testcase name="pays"/></testsuite>'
WORKFLOWS = sorted((PROJECT / ".github" / "workflows").glob("*.yml"))


@pytest.fixture(scope="module")
def temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's temporary folder, in which the action's own first step has installed the hub."""
    folder = tmp_path_factory.mktemp("installed")
    installing = Runner(folder, folder / "temp", {})
    code = installing.run(steps_of("action.yml")[:1], defaults_of("action.yml") | {"python": PYTHON})
    assert code == 0, installing.log
    return folder / "temp"


@pytest.fixture
def runner(tmp_path: Path, temp: Path) -> Runner:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"repository": {"default_branch": "main"}}))
    return Runner(
        tmp_path,
        temp,
        {
            "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "42",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_SHA": COMMIT, "GITHUB_REF_NAME": "main", "GITHUB_EVENT_NAME": "push", "GITHUB_WORKFLOW": "CI",
            "GITHUB_JOB": "test", "GITHUB_ACTOR": "octo", "GITHUB_EVENT_PATH": str(event), "RUNNER_OS": "Linux",
            "RUNNER_ENVIRONMENT": "github-hosted",
        },
    )  # fmt: skip


def act(runner: Runner, status: str = "success", **inputs: str) -> int:
    given = defaults_of("action.yml") | {name.replace("_", "-"): value for name, value in inputs.items()}
    return runner.run(steps_of("action.yml")[1:], given, status)


def uploads(runner: Runner) -> list[str]:
    return [given["path"] for name, given in runner.used if name.startswith("actions/upload-artifact@")]


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def locked(runner: Runner) -> Iterator[Path]:
    """A warehouse that another process is writing."""
    path = runner.folder / "hub.duckdb"
    with writing(path):
        yield path


def test_without_a_warehouse_the_evidence_becomes_an_artifact(runner: Runner) -> None:
    runner.file("reports/junit.xml", JUNIT)

    code = act(runner, reports="reports/*.xml\n")

    assert code == 0, runner.log
    [evidence] = uploads(runner)
    event = json.loads((Path(evidence) / "run.json").read_bytes())
    assert (event["run_id"], event["status"], event["tests"]["total"]) == ("42", "success", 2)
    assert [path.read_bytes() for path in (Path(evidence) / "reports").iterdir()] == [JUNIT]
    assert "kept as an artifact" in runner.summary
    # Its own for each job of a matrix and each attempt, so that none takes the place of another.
    assert [given["name"] for _, given in runner.used] == ["ci-intel-evidence-test-3-1"]


def test_with_a_warehouse_run_and_reports_are_loaded_and_nothing_is_uploaded(runner: Runner) -> None:
    runner.file("reports/unit/junit.xml", JUNIT)
    warehouse = runner.folder / "hub.duckdb"

    code = act(runner, reports="reports/**/*.xml", warehouse=f"duckdb:///{warehouse}", status="failure")

    assert (code, uploads(runner)) == (0, []), runner.log
    assert rows(warehouse, "select run_id, status, test_count from raw.pipeline_runs") == [("42", "failed", 2)]
    assert rows(warehouse, "select run_id, suite from raw.test_suites") == [("42", "cart")]
    assert "| pipeline_run.v1.3 | 1 |" in runner.summary


def test_a_warehouse_that_is_down_leaves_the_pipeline_green_and_the_evidence_an_artifact(
    runner: Runner, locked: Path
) -> None:
    runner.file("junit.xml", JUNIT)

    code = act(runner, reports="junit.xml", warehouse=f"duckdb:///{locked}", deadline="2s")

    assert code == 0, runner.log
    assert "::warning" in runner.log
    assert len(uploads(runner)) == 1
    assert "not delivered" in runner.summary


@pytest.mark.parametrize(("strict", "expected"), [("false", 0), ("true", 1)])
def test_bad_reports_are_a_warning_and_fail_the_job_only_if_asked_to(
    runner: Runner, strict: str, expected: int
) -> None:
    runner.file("junit.xml", JUNIT[:50])

    code = act(runner, reports="junit.xml", warehouse=f"duckdb:///{runner.folder}/hub.duckdb", strict=strict)

    assert code == expected, runner.log
    assert ("::error" if expected else "::warning") in runner.log


def test_patterns_that_match_nothing_are_said(runner: Runner) -> None:
    code = act(runner, reports="nowhere/*.xml")

    assert (code, "no file matches nowhere/*.xml" in runner.log) == (0, True)


def test_inputs_and_names_are_words_and_never_commands(runner: Runner) -> None:
    runner.file("reports/$(touch pwned) `touch pwned`;touch pwned.xml", JUNIT)
    evil = '$(touch pwned)\n`touch pwned`\n"; touch pwned; "\nreports/*'

    code = act(runner, reports=evil, status='"; touch pwned; "', runner_label="$(touch pwned)", environment="")

    assert code == 0, runner.log
    assert not list(runner.folder.rglob("pwned"))
    assert json.loads((Path(uploads(runner)[0]) / "run.json").read_bytes())["status"] == "unknown"


def test_signing_in_to_google_needs_no_key_and_only_happens_where_it_was_asked_for(runner: Runner) -> None:
    act(runner, workload_identity_provider="projects/1/locations/global/workloadIdentityPools/a/providers/b")

    [(_, given)] = [used for used in runner.used if used[0].startswith("google-github-actions/auth@")]
    assert set(given) == {"workload_identity_provider", "service_account"}


def test_the_reusable_workflow_hands_the_reports_of_other_jobs_to_the_action(runner: Runner) -> None:
    steps = steps_of(".github/workflows/hub.yml", "evidence")
    inputs = {"reports": "**/*.xml\n", "artifacts": "reports-*", "status": "failure", "hub-ref": COMMIT}

    assert runner.run(steps, inputs) == 0, runner.log
    runner.file("reports/reports-unit/junit.xml", JUNIT)
    [given] = [given for name, given in runner.used if name == "./.ci-intel"]
    unset = {name: value for name, value in given.items() if value}
    code = act(runner, **{name.replace("-", "_"): value for name, value in unset.items()})

    assert code == 0, runner.log
    event = json.loads((Path(uploads(runner)[0]) / "run.json").read_bytes())
    assert (event["status"], event["tests"]["total"]) == ("failed", 2)


def test_what_the_reusable_workflow_passes_on_the_action_knows() -> None:
    [last] = [step for step in steps_of(".github/workflows/hub.yml", "evidence") if step.get("uses") == "./.ci-intel"]

    assert set(last["with"]) <= set(defaults_of("action.yml"))


@pytest.mark.parametrize("path", [*WORKFLOWS, PROJECT / "action.yml"], ids=lambda path: path.name)
def test_everything_that_others_wrote_is_pinned_by_its_commit(path: Path) -> None:
    used = re.findall(r"^[^#\n]*uses: (\S+)( # \S+)?", path.read_text(), re.MULTILINE)
    others = [(name, version) for name, version in used if not name.startswith(("./", "$/"))]

    assert all(re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", name) and version for name, version in others), others


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_rights_that_a_job_did_not_ask_for(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())

    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    assert all("write" not in job["permissions"].get("contents", "") for job in workflow["jobs"].values())


def test_gitlabs_job_emits_and_loads(runner: Runner, temp: Path) -> None:
    runner.file("reports/junit.xml", JUNIT)
    (runner.workspace / ".ci-intel" / "venv").parent.mkdir()
    (runner.workspace / ".ci-intel" / "venv").symlink_to(temp / "ci-intel")
    (runner.workspace / ".ci-intel" / "action").symlink_to(PROJECT / "action")
    warehouse = runner.folder / "hub.duckdb"
    _, component = yaml.safe_load_all(
        (PROJECT / "templates" / "hub.yml").read_text().replace("$[[ ", "").replace(" ]]", "")
    )
    last = component["ci-intel-evidence"]["script"][-1]

    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", last], cwd=runner.workspace, capture_output=True, text=True, check=False,
        env={
            "PATH": os.environ["PATH"], "GITLAB_CI": "true", "CI_PROJECT_PATH": "acme/shop", "CI_PIPELINE_ID": "7",
            "CI_PIPELINE_CREATED_AT": "2026-02-03T10:00:00Z", "CI_COMMIT_SHA": COMMIT, "CI_JOB_NAME": "evidence",
            "CI_INTEL_REPORTS": "reports/**/*.xml", "CI_INTEL_NAMED_WAREHOUSE": f"duckdb:///{warehouse}",
            "CI_INTEL_DEADLINE": "60s",
        },
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(warehouse, "select provider, run_id, test_count from raw.pipeline_runs") == [("gitlab", "7", 2)]
    assert rows(warehouse, "select run_id, suite from raw.test_suites") == [("7", "cart")]
