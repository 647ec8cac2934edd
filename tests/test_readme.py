"""What the README claims: commands exist, tables are complete, and the deciding script runs its first screen."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from ci_intel.cli import COMMANDS, cli
from ingest.readers import FORMATS, reader

PROJECT = Path(__file__).parents[1]
GROUPS = {"collect", "emit", "record", "warehouse", "dashboards"}
README = (PROJECT / "README.md").read_text()


def test_the_deciding_script_runs_the_commands_of_the_first_screen() -> None:
    promised = re.findall(r"^\$ (make \w+)", README, re.MULTILINE)
    script = (PROJECT / ".ci" / "run").read_text()

    # Superset runs until somebody stops it; the lane of its tests starts and stops it.
    run = {"make dashboards": "make dashboards-test"}
    assert promised == ["make demo", "make test", "make dashboards"]
    assert [command for command in promised if f" {run.get(command, command)}\n" not in script] == []


def test_making_the_environment_ends_with_what_comes_next_and_is_silent_on_the_way_to_something_else() -> None:
    said = {goal: _planned(goal) for goal in ("setup", "demo")}

    assert [text.count('echo "ready. Next:   source .venv/bin/activate"') for text in said.values()] == [1, 0]


def _planned(goal: str) -> str:
    command = ["make", "--dry-run", "--no-print-directory", goal]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout


def test_every_command_is_in_the_readme_and_explains_itself() -> None:
    mentioned = set(re.findall(r"`ci-intel (\w+)", README))

    assert mentioned == set(COMMANDS)
    for name in COMMANDS:
        result = CliRunner().invoke(cli, [name, "--help"])
        assert result.exit_code == 0, result.output
        assert len(result.output.splitlines()) > 5, f"ci-intel {name} --help says next to nothing"


def test_every_option_that_the_readme_shows_exists() -> None:
    for line in re.findall(r"ci-intel (\w+(?: [^\n`]*)?)", README):
        # What follows `--` is another command's.
        words = line.partition(" -- ")[0].split()
        options = [word for word in words if word.startswith("--")]
        shown = CliRunner().invoke(cli, [*words[: 2 if words[0] in GROUPS else 1], "--help"]).output
        assert [option for option in options if option not in shown] == [], f"ci-intel {line}"


def test_the_table_of_marts_is_complete() -> None:
    listed = set(re.findall(r"`(\w+)`", README.partition("## The marts")[2].partition("## More")[0]))
    built = {path.stem for path in (PROJECT / "models" / "marts").rglob("*.sql")}

    assert built - listed == set()
    assert listed - built <= {"marts"}


def test_every_target_of_make_that_is_mentioned_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"[`$] ?make ([a-z-]+)", README)) - targets == set()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_an_entry_and_a_summary(name: str) -> None:
    words = {
        "hub": "own events",
        "github_rest": "GitHub REST",
        "github_webhook": "GitHub webhooks",
        "gitlab_rest": "GitLab REST",
        "jenkins_json": "Jenkins",
        "pagerduty": "PagerDuty",
        "jira": "Jira",
        "cdevents": "CDEvents",
        "catalogue": "repositories.yaml",
        "junit_xml": "JUnit",
        "cobertura_xml": "Cobertura",
        "jacoco_xml": "JaCoCo",
        "lcov": "LCOV",
        "coverage_py": "coverage.py",
        "stryker_json": "Stryker",
        "pit_xml": "PIT",
        "mutmut": "mutmut",
        "cyclonedx_json": "CycloneDX",
        "grype_json": "Grype",
        "trivy_json": "Trivy",
        "openvex": "OpenVEX",
        "chaostoolkit": "Chaos Toolkit",
        "dbt_run_results": "run_results.json",
    }

    assert words[name] in README
    assert reader(name).format == name
    assert name in CliRunner().invoke(cli, ["formats"]).output


def test_every_linked_document_is_there() -> None:
    links = re.findall(r"\]\(((?!http)[^)#]+)", README)

    assert [link for link in links if not (PROJECT / link).exists()] == []
