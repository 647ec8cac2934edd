"""A runner for tests: the steps of a composite action or a job, as GitHub's runner would run them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parents[2]
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
Contexts = Mapping[str, Any]


def steps_of(path: str, job: str | None = None) -> list[dict[str, Any]]:
    """Return the steps of the action, or of a job of a workflow."""
    document = yaml.safe_load((PROJECT / path).read_text())
    steps: list[dict[str, Any]] = document["jobs"][job]["steps"] if job else document["runs"]["steps"]
    return steps


def defaults_of(path: str) -> dict[str, str]:
    """Return the inputs of the action with their defaults."""
    return {
        name: said.get("default", "") for name, said in yaml.safe_load((PROJECT / path).read_text())["inputs"].items()
    }


@dataclass
class Runner:
    """
    A machine with a workspace, and the files by which steps and runner talk.

    `used` are the steps that would have used another action, with their inputs.
    """

    folder: Path
    temp: Path
    variables: Mapping[str, str]
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    log: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        """Where the steps run."""
        path = self.folder / "workspace"
        path.mkdir(exist_ok=True)
        return path

    @property
    def summary(self) -> str:
        """The page that the steps wrote."""
        path = self.folder / "summary.md"
        return path.read_text() if path.exists() else ""

    def file(self, name: str, content: bytes) -> Path:
        """Write a file into the workspace."""
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def run(self, steps: list[dict[str, Any]], inputs: Mapping[str, str], status: str = "success") -> int:
        """Run steps until one fails; return the exit code of the last one."""
        for number, step in enumerate(steps):
            contexts = {
                "inputs": inputs,
                "steps": self.outputs,
                "job": {"status": status},
                "strategy": {"job-index": "3"},
            }
            if "if" in step and not _is_true(step["if"], contexts):
                continue
            if "uses" in step:
                given = {name: _filled(str(value), contexts) for name, value in step.get("with", {}).items()}
                self.used.append((step["uses"], given))
                continue
            code = self._run(step, contexts, step.get("id", f"_{number}"))
            if code != 0:
                return code
        return 0

    def _run(self, step: Mapping[str, Any], contexts: Contexts, name: str) -> int:
        assert step["shell"] == "bash"
        script, output = self.folder / "step.sh", self.folder / f"output-{name}"
        script.write_text(step["run"])
        output.write_text("")
        variables = {key: _filled(str(value), contexts) for key, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.folder),
                "GITHUB_ACTION_PATH": str(PROJECT),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
                "RUNNER_TEMP": str(self.temp),
                **self.variables,
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        self.log += done.stdout + done.stderr
        self.outputs[name] = {"outputs": _outputs(output.read_text())}  # type: ignore[dict-item]
        return done.returncode


def _outputs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if "<<" in line:
            name, _, delimiter = line.partition("<<")
            block = []
            while (inside := next(lines)) != delimiter:
                block.append(inside)
            found[name] = "\n".join(block)
        else:
            name, _, found[name] = line.partition("=")
            found[name] = line.partition("=")[2]
    return found


def _filled(text: str, contexts: Contexts) -> str:
    return _EXPRESSION.sub(lambda match: _value(match[1], contexts), text)


def _value(expression: str, contexts: Contexts) -> str:
    """Return an expression of names joined by `||`; anything else is not known here, and has to be."""
    value = ""
    for name in expression.split(" || "):
        if not re.fullmatch(r"(inputs|steps|job|strategy)(\.[a-z0-9_-]+)+", name):
            raise AssertionError(f"the runner of the tests does not know {name!r}")
        found: Any = contexts
        for part in name.split("."):
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
        value = found if isinstance(found, str) else ""
        if value:
            break
    return value


def _is_true(condition: str, contexts: Contexts) -> bool:
    match = re.fullmatch(r"([a-z0-9._-]+) != '(.*)'", condition)
    if match is None:
        raise AssertionError(f"the runner of the tests does not know {condition!r}")
    return _value(match[1], contexts) != match[2]
