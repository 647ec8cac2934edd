"""docs/collect.md and docs/pipelines.md say only what there is: options of commands, inputs of action and workflows."""

from __future__ import annotations

import re

import pytest
import yaml
from click.testing import CliRunner
from runner import PROJECT, defaults_of
from walk import commands

from ci_intel.cli import cli

COLLECT, PIPELINES = ((PROJECT / "docs" / name).read_text() for name in ("collect.md", "pipelines.md"))
SNIPPETS = re.findall(r"^```yaml\n(.*?)^```$", PIPELINES, re.MULTILINE | re.DOTALL)
GROUPS = ("collect", "emit", "record", "warehouse")


@pytest.mark.parametrize(
    "command", [one for one in commands(COLLECT) + commands(PIPELINES) if one.startswith("ci-intel ")]
)
def test_every_option_that_the_pages_show_exists(command: str) -> None:
    words = command.partition(" -- ")[0].split()[1:]
    shown = CliRunner().invoke(cli, [*words[: 2 if words[0] in GROUPS else 1], "--help"]).output

    assert [word for word in words if word.startswith("--") and word not in shown] == []


def test_the_options_that_are_only_mentioned_exist_too() -> None:
    helps = "".join(
        CliRunner().invoke(cli, [*command.split(), "--help"]).output
        for command in ("collect github", "load", "emit pipeline-run", "rejects")
    )

    assert [one for one in re.findall(r"`(--[a-z-]+)", COLLECT + PIPELINES) if one not in helps] == []


def test_the_inputs_of_the_action_are_all_there() -> None:
    table = PIPELINES.partition("| input | what it says |")[2].partition("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`([a-z-]+)`", row.partition(" | ")[0])}

    assert {"reports", "warehouse", "deadline", "strict"} < named <= set(defaults_of("action.yml"))


def test_the_snippets_give_only_inputs_that_are_known() -> None:
    action, workflow, component = (yaml.safe_load(text) for text in SNIPPETS[:3])
    called = yaml.safe_load((PROJECT / ".github/workflows/hub.yml").read_text())
    # YAML takes the word `on` for true.
    taken = called[True]["workflow_call"]["inputs"]
    spec, _ = yaml.safe_load_all((PROJECT / "templates" / "hub.yml").read_text())

    assert set(action[0]["with"]) <= set(defaults_of("action.yml"))
    assert (
        {name for name, one in taken.items() if one.get("required")} <= set(workflow["evidence"]["with"]) <= set(taken)
    )
    assert workflow["evidence"]["permissions"] == called["jobs"]["evidence"]["permissions"]
    assert set(component["include"][0]["inputs"]) <= set(spec["spec"]["inputs"])
