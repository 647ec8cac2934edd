"""The metric catalogue: its page is current, and no definition changes unseen."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from ci_intel.cli import cli
from ci_intel.metrics import Metric, catalogue

PROJECT = Path(__file__).parents[1]
PAGE = PROJECT / "docs" / "metrics.md"
# Every version of every definition that was ever published, with the sha256 of what it says. Lines are only added.
PUBLISHED = Path(__file__).parent / "metric_definitions_published.csv"


def broken_promises(metrics: list[Metric], published: dict[tuple[str, int], str]) -> list[str]:
    """Say of each definition that changed how, and of each new one which line to add."""
    found = []
    for metric in metrics:
        key = (metric.metric_id, metric.metric_version)
        newest = max((version for metric_id, version in published if metric_id == metric.metric_id), default=0)
        if published.get(key) == metric.fingerprint:
            if metric.metric_version < newest:
                found.append(f"{metric.metric_id}: version {newest} was published already")
        elif key in published:
            found.append(f"{metric.metric_id}: its definition changed, so it needs metric_version {newest + 1}")
        elif metric.metric_version != newest + 1:
            found.append(f"{metric.metric_id}: the next version is {newest + 1}")
        else:
            found.append(f"add to {PUBLISHED.name}: {metric.metric_id},{metric.metric_version},{metric.fingerprint}")
    return found


def published() -> dict[tuple[str, int], str]:
    with PUBLISHED.open(newline="") as file:
        return {(row["metric_id"], int(row["metric_version"])): row["sha256"] for row in csv.DictReader(file)}


def test_the_page_of_metrics_is_what_the_seeds_say() -> None:
    result = CliRunner().invoke(cli, ["metrics", "--check", str(PAGE)])

    assert result.exit_code == 0, result.output


def test_a_page_that_is_not_current_is_bad_and_the_message_says_what_to_do(tmp_path: Path) -> None:
    page = tmp_path / "metrics.md"
    page.write_text(PAGE.read_text().replace("version 1", "version 0", 1))

    result = CliRunner().invoke(cli, ["metrics", "--check", str(page)])

    assert result.exit_code == 1
    assert "ci-intel metrics --markdown >" in result.stderr


def test_no_definition_changed_without_a_new_version() -> None:
    assert broken_promises(list(catalogue()), published()) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"definition": "Something else"}, "needs metric_version 2", id="another text"),
        pytest.param({"denominator": "all runs"}, "needs metric_version 2", id="another denominator"),
        pytest.param({"direction": "lower"}, "needs metric_version 2", id="another direction"),
        pytest.param({"definition": "Else", "metric_version": 3}, "the next version is 2", id="a version left out"),
        pytest.param({"definition": "Else", "metric_version": 2}, "add to ", id="a new version that is not noted"),
    ],
)
def test_a_changed_definition_without_its_new_version_is_found(change: dict[str, object], says: str) -> None:
    [metric] = [each for each in catalogue() if each.metric_id == "success_ratio"]

    [found] = broken_promises([replace(metric, **change)], {("success_ratio", 1): metric.fingerprint})

    assert says in found


def test_another_name_or_owner_is_the_same_definition() -> None:
    [metric] = [each for each in catalogue() if each.metric_id == "success_ratio"]

    assert replace(metric, name="Another", owner="another").fingerprint == metric.fingerprint


def test_the_command_prints_one_object_for_each_metric() -> None:
    result = CliRunner().invoke(cli, ["metrics", "--json"])

    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["metric_id"] for each in objects] == [metric.metric_id for metric in catalogue()]
    assert next(each for each in objects if each["metric_id"] == "success_ratio")["target"]["green"] == "0.95"


def test_seeds_that_cannot_be_read_are_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ci_intel.metrics.seed_folder", lambda: tmp_path)

    result = CliRunner().invoke(cli, ["metrics"])

    assert result.exit_code == 3
    assert "metric catalogue cannot be read" in result.stderr
