"""What both engines are given: a simulated fleet, real reports, and what comes after them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from ci_intel.cli import cli

PROJECT_FOLDER = Path(__file__).parents[2]
FIXTURES = PROJECT_FOLDER / "tests" / "ingest" / "readers" / "fixtures"
CORPUS = (PROJECT_FOLDER / os.environ.get("HUB_CORPUS", "../shared/corpus")).resolve()
CORPUS_PARTS = (
    "chaos",
    "coverage",
    "mutation",
    "vex",
    "vuln",
    "sbom/cyclonedx",
    "test_reports",
    "ci_api/github_rest_json",
)
FILES_OF_A_PART = 6
DAYS = 21
LATER_SHARE = 0.1
CORRECTED: Mapping[str, Mapping[str, Any]] = {
    "deployment": {"status": "failed"},
    "incident": {"severity": "SEV1"},
    "pipeline_job": {"status": "failed"},
    "pipeline_run": {"status": "failed"},
}
"""What a correction changes, by topic."""


@dataclass(frozen=True)
class Evidence:
    """Folders to load: what is there at first, and what comes later, corrections included."""

    first: Path
    later: Path
    has_corpus: bool


def make(folder: Path, until: date) -> Evidence:
    """Make the evidence of some weeks that end with `until`; its last tenth, which is its last days, comes later."""
    first, later, whole = folder / "first", folder / "later", folder / "whole"
    arguments = ["simulate", "--days", str(DAYS), "--until", until.isoformat(), "--out", str(whole)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    for made in (first, later):
        made.mkdir()
    for path in sorted(whole.glob("*.ndjson")):
        lines = path.read_text().splitlines(keepends=True)
        cut = round(len(lines) * (1 - LATER_SHARE))
        (first / path.name).write_text("".join(lines[:cut]))
        corrections = [_corrected(line, until) for line in lines[:cut:9] if path.stem in CORRECTED]
        (later / path.name).write_text("".join([*lines[cut:], *corrections]))
    shutil.copytree(FIXTURES, first / "fixtures", ignore=shutil.ignore_patterns("invalid"))
    (first / "built_twice.ndjson").write_text(_built_twice(until))
    has_corpus = CORPUS.is_dir()
    if has_corpus:
        _copy_corpus(first / "corpus")
    return Evidence(first, later, has_corpus)


def _built_twice(until: date) -> str:
    """The fleet builds nothing twice in its last weeks: one check of each verdict."""
    event = {"schema": "determinism_check.v1.0", "repo": "acme/shop", "subject": "shop.whl", "kind": "dual_build"}
    checked_at = f"{until - timedelta(days=2)}T09:00:00Z"
    verdicts = ("verified", "refuted", "undecided")
    return "".join(json.dumps({**event, "verdict": verdict, "checked_at": checked_at}) + "\n" for verdict in verdicts)


def _corrected(line: str, until: date) -> str:
    event = json.loads(line)
    changes = CORRECTED[event["schema"].partition(".")[0]]
    return json.dumps({**event, **changes, "emitted_at": f"{until}T06:00:00Z"}) + "\n"


def _copy_corpus(folder: Path) -> None:
    for part in CORPUS_PARTS:
        files = [path for path in sorted((CORPUS / part).rglob("*")) if path.is_file()]
        # From the whole breadth of a part, whose neighbours are alike.
        for path in files[:: max(1, len(files) // FILES_OF_A_PART)]:
            target = folder / path.relative_to(CORPUS)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
