"""The paths that the README shows, walked: its own commands, in a folder like the one that a reader has."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from hub import PROJECT

README = (PROJECT / "README.md").read_text()
_WHAT_DBT_READS = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "config", "tests/dbt")


def section(title: str) -> str:
    """Return what the README says under a title."""
    _, found, rest = README.partition(f"\n## {title}\n")
    assert found, f"the README has no section {title!r}"
    return rest.partition("\n## ")[0]


def commands(text: str) -> list[str]:
    """Return the commands that a text shows."""
    return re.findall(r"^\$ (.+)$", text, re.MULTILINE)


def fenced(text: str, language: str) -> str:
    """Return the only block of a language in a text."""
    [block] = re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(block)


def checkout(folder: Path) -> Path:
    """Make a folder in which dbt finds the project, and writes as it likes."""
    for name in _WHAT_DBT_READS:
        source, copy = PROJECT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, copy) if source.is_dir() else shutil.copy(source, copy)
    (folder / "warehouse").mkdir()
    return folder


def walk(commands: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run commands in a shell, one after the other, until one fails."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-euo", "pipefail", "-c", "\n".join(commands)],
        cwd=folder,
        env={
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
