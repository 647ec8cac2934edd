"""The walk of CONTRIBUTING.md, from no topic to a tested one: the blocks of the text are what is run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from hub import PROJECT

# Of the models only those of staging: dbt would take three times as long to read them all.
NEEDED = (
    *("ci_intel", "ingest", "schema", "models/staging", "macros", "tests/dbt/generic", "tests/schema"),
    *("tests/conftest.py", "dbt_project.yml", "profiles.yml", "pyproject.toml"),
)
REGISTRY = "schema/registry.json"
FIXTURES = "tests/schema/fixtures/lunch/v1.0"
# A paragraph whose last words name a file, and the block under it.
BLOCK = re.compile(r"`(?P<path>[\w./]+)`:\n\n```\w+\n(?P<content>.*?)^```$", re.DOTALL | re.MULTILINE)


class Walk:
    """A copy of the project, in which only the walk writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in NEEDED:
            source, target = PROJECT / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)

    def write(self, path: str, content: str) -> None:
        target = self.folder / path
        assert not target.exists(), f"{path} is there before it is written"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)

    def register(self, entry: str) -> None:
        path = self.folder / REGISTRY
        registry = json.loads(path.read_bytes())
        registry["topics"] |= json.loads("{" + entry + "}")
        path.write_text(json.dumps(registry, indent=2))

    def run(self, *module: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CI_INTEL"))}
        return subprocess.run(
            [sys.executable, "-m", *module],
            cwd=self.folder, env={**clean, "PYTHONPATH": str(self.folder)}, capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def blocks() -> dict[str, str]:
    """Return the files of the walk by their paths, in their order."""
    return {match["path"]: match["content"] for match in BLOCK.finditer((PROJECT / "CONTRIBUTING.md").read_text())}


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory, blocks: dict[str, str]) -> Walk:
    """The copy, with every block of the text in its place."""
    walked = Walk(tmp_path_factory.mktemp("walk"))
    for path, content in blocks.items():
        if path == REGISTRY:
            walked.register(content)
        else:
            walked.write(path, content)
    return walked


def test_the_text_has_seven_files_and_an_entry(blocks: dict[str, str]) -> None:
    assert sorted(blocks) == sorted([
        REGISTRY,
        "schema/lunch.v1.0.json",
        "ingest/topics/lunch.py",
        "models/staging/stg_lunches.sql",
        "models/staging/stg_lunches.yml",
        f"{FIXTURES}/valid/with_everything.json",
        f"{FIXTURES}/invalid/ends_before_it_starts.json",
        f"{FIXTURES}/invalid/no_guests.json",
    ])  # fmt: skip


def test_the_new_topic_is_listed_loads_and_builds(walk: Walk, blocks: dict[str, str]) -> None:
    lunch = json.loads(blocks[f"{FIXTURES}/valid/with_everything.json"])
    (walk.folder / "lunches.ndjson").write_text(json.dumps(lunch) + "\n")

    listed = walk.run("ci_intel.cli", "topics")
    loaded = walk.run("ci_intel.cli", "load", "lunches.ndjson")
    built = walk.run("dbt.cli.main", "build", "--select", "+stg_lunches")

    assert re.search(r"^lunch +v1\.0 +One meal of one team\.\n +→ raw\.lunches$", listed.stdout, re.MULTILINE)
    assert loaded.returncode == 0, loaded.stderr
    assert built.returncode == 0, built.stdout
    with duckdb.connect(str(walk.folder / "warehouse/ci_intel.duckdb"), read_only=True) as connection:
        row = connection.execute("select lunch_id, team, dish, guest_count, _contract from staging.stg_lunches")
        assert row.fetchall() == [("2026-02-03-shop", "shop", "pizza", 7, "lunch.v1.0")]


def test_the_tests_of_contracts_find_the_new_topic_and_miss_a_fixture_of_it(walk: Walk) -> None:
    complete = walk.run("pytest", "-q", "tests/schema", "-k", "lunch or registered")
    for path in (walk.folder / FIXTURES / "invalid").iterdir():
        path.rename(walk.folder / path.name)

    incomplete = walk.run("pytest", "-q", "tests/schema/test_fixtures.py", "-k", "lunch")

    assert complete.returncode == 0, complete.stdout
    assert "test_every_contract_shows_what_it_accepts_and_what_it_refuses[invalid-lunch.v1.0]" in incomplete.stdout
    assert incomplete.returncode == 1, incomplete.stdout
