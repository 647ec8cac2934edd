"""One line in a pipeline: every step of the action and of the workflows does what it says, in a bare environment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
import yaml
from collecting import collect
from hub import Hub
from replay import BEGIN, TOKEN, Repo, World, artifact, run, serving, zipped
from runner import PROJECT, Runner, defaults_of, steps_of
from walk import commands, fenced, section, walk
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


@pytest.mark.parametrize(
    ("wanted", "name"),
    [("ci-intel-evidence-web", "ci-intel-evidence-web"), ("reports", "ci-intel-evidence-test-3-1")],
)
def test_an_artifact_has_a_name_under_which_it_is_collected(runner: Runner, wanted: str, name: str) -> None:
    act(runner, artifact=wanted)

    assert [given["name"] for used, given in runner.used if used.startswith("actions/upload-artifact@")] == [name]
    assert ("an artifact is collected if it is called" in runner.log) == (wanted != name)


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
    [problem] = [line for line in runner.summary.splitlines() if line.startswith("- ")]
    assert problem.startswith("- `2 files kept, reports/0001-junit.xml, run.json: not delivered: ")
    assert "\\" not in runner.summary


@pytest.mark.parametrize(("strict", "expected"), [("false", 0), ("true", 1)])
def test_bad_reports_are_a_warning_and_fail_the_job_only_if_asked_to(
    runner: Runner, strict: str, expected: int
) -> None:
    runner.file("junit.xml", JUNIT[:50])

    code = act(runner, reports="junit.xml", warehouse=f"duckdb:///{runner.folder}/hub.duckdb", strict=strict)

    assert code == expected, runner.log
    assert ("::error" if expected else "::warning") in runner.log
    assert "- `reports/0001-junit.xml: not well-formed XML at line 1, " in runner.summary


@pytest.mark.parametrize(("strict", "expected"), [("false", 0), ("true", 1)])
def test_patterns_that_match_nothing_are_said_and_fail_the_job_only_if_asked_to(
    runner: Runner, strict: str, expected: int
) -> None:
    runner.file("junit.xml", JUNIT)

    code = act(runner, reports="junit.xml\nnowhere/*.xml", strict=strict)

    assert (code, "::warning title=CI evidence::no file matches nowhere/*.xml" in runner.log) == (expected, True)
    assert ("::error" in runner.log) == bool(expected)


@pytest.mark.parametrize("has_warehouse", [False, True])
def test_an_event_that_could_not_be_made_is_not_said_to_be_kept(runner: Runner, has_warehouse: bool) -> None:
    runner.file("junit.xml", JUNIT)
    runner.variables = {**runner.variables, "GITHUB_SHA": ""}

    code = act(runner, reports="junit.xml", warehouse=f"duckdb:///{runner.folder}/hub.duckdb" if has_warehouse else "")

    assert code == 0, runner.log
    assert "The event of this run could not be made, and is missing" in runner.summary
    assert "the evidence is kept" not in runner.summary
    assert ("the reports are kept as an artifact" in runner.summary) != has_warehouse


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


def test_the_line_of_the_readme_makes_an_artifact_that_the_collector_takes_for_that_run(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [step] = yaml.safe_load(fenced(section("One line in your pipeline"), "yaml"))
    assert re.fullmatch(r"ci-intelligence/hub@<commit>", step["uses"])
    assert step["if"] == "always()"
    runner.file("reports/unit/deep/junit.xml", JUNIT)

    code = act(runner, status="failure", **step["with"])

    assert (code, "::warning" in runner.log) == (0, False), runner.log
    [(_, kept)] = runner.used
    folder = Path(kept["path"])
    repo = Repo("acme/shop", 1)
    repo.runs = [run(repo, 42, BEGIN, head_sha=COMMIT, conclusion="failure")]
    members = [(str(path.relative_to(folder)), path.read_bytes()) for path in folder.rglob("*") if path.is_file()]
    artifact(repo, 900, 42, zipped(*members), made_at=BEGIN + timedelta(minutes=5), name=kept["name"])
    monkeypatch.setenv("CI_INTEL_GITHUB_TOKEN", TOKEN)
    hub = Hub(tmp_path / "hub")
    hub.path.parent.mkdir(parents=True)
    with serving(World(repo)) as server:
        # The run was a moment ago.
        server.clock_ahead = timedelta()
        collected = collect(hub, server)

    assert (collected.exit_code, collected.repositories[0]["collected"]["artifacts_loaded"]) == (0, 1), collected.errors
    # Of one run, what the API says and what the pipeline says: the models make one row of it.
    said = "select provider, repository, run_id, run_attempt, test_count from raw.pipeline_runs order by 5 nulls first"
    assert hub.rows(said) == [("github", "acme/shop", "42", 1, None), ("github", "acme/shop", "42", 1, 2)]
    assert hub.rows("select repository, run_id, commit_sha, suite from raw.test_suites") == [
        ("acme/shop", "42", COMMIT, "cart")
    ]


def test_the_line_of_the_readme_loads_where_a_warehouse_is_configured(runner: Runner) -> None:
    [step] = yaml.safe_load(fenced(section("One line in your pipeline"), "yaml"))
    runner.file("reports/junit.xml", JUNIT)
    warehouse = runner.folder / "hub.duckdb"

    code = act(runner, **step["with"], warehouse=f"duckdb:///{warehouse}")

    assert (code, uploads(runner)) == (0, []), runner.log
    assert rows(warehouse, "select run_id, test_count from raw.pipeline_runs") == [("42", 2)]


IN_GITLAB = {
    "GITLAB_CI": "true", "CI_PROJECT_PATH": "acme/shop", "CI_PIPELINE_ID": "7", "CI_COMMIT_SHA": COMMIT,
    "CI_PIPELINE_CREATED_AT": "2026-02-03T10:00:00Z", "CI_JOB_NAME": "test",
}  # fmt: skip
ANYWHERE = (PROJECT / "docs" / "pipelines.md").read_text().partition("## Anywhere else\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    ("text", "environment", "source"),
    [
        pytest.param(section("One line in your pipeline"), IN_GITLAB, "ci_environment", id="the README's, in a CI job"),
        pytest.param(ANYWHERE, {}, "flag", id="those of docs/pipelines.md, on a desk"),
    ],
)
def test_the_commands_do_what_the_line_does_in_a_scratch_repository(
    tmp_path: Path, text: str, environment: dict[str, str], source: str
) -> None:
    shown = commands(text)
    assert [command.split()[1] for command in shown] == ["record", "emit", "load"]
    (tmp_path / "Makefile").write_text("test:\n\t@pytest --quiet --junitxml=evidence/junit.xml\n")
    (tmp_path / "test_cart.py").write_text("def test_adds(): pass\ndef test_pays(): pass\n")
    for arguments in (
        ["init", "--quiet", "--initial-branch", "main"],
        ["remote", "add", "origin", "git@github.com:acme/shop.git"],
        ["add", "."],
        ["-c", "user.name=Mona", "-c", "user.email=mona@example.org", "commit", "--quiet", "--message", "First"],
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    warehouse = tmp_path / "hub.duckdb"

    walked = walk(shown, tmp_path, {"CI_INTEL_WAREHOUSE": f"duckdb:///{warehouse}", **environment})

    assert walked.returncode == 0, walked.stdout + walked.stderr
    emitted = "select repository, status, test_count from raw.pipeline_runs"
    assert rows(warehouse, emitted) == [("acme/shop", "success", 2)]
    assert rows(warehouse, "select job, status from raw.job_telemetry") == [("unit-tests", "success")]
    assert rows(warehouse, "select repository, suite from raw.test_suites") == [("acme/shop", "pytest")]
    assert rows(warehouse, "select context_source from raw.loads where format = 'junit_xml'") == [(source,)]
    assert not (tmp_path / "undelivered").exists()
