"""Whose evidence it is, and on whose word: `data_trust` counts each load by who said so, and declared ones are seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import yaml
from collecting import collect
from dbt_project import PROJECT, outcomes, run_dbt_on
from hub import COMMIT, Hub, event, lines
from replay import BEGIN, Repo, Server, World, artifact, run, zipped

from ingest.context_policy import SOURCES

IN_CI = {
    "GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "42", "GITHUB_SHA": COMMIT,
    "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "test",
}  # fmt: skip
NO_CI = {"GITHUB_ACTIONS": "", "GITLAB_CI": ""}
WORDS = "load_count, api_load_count, ci_environment_load_count, evidence_load_count, self_declared_load_count"


def junit(name: str) -> bytes:
    return (
        f'<testsuite name="{name}" tests="1"><testcase classname="cart" name="adds" time="0.1"/></testsuite>'.encode()
    )


def spoken(hub: Hub, server: Server) -> None:
    """Load evidence on each kind of word: one artifact, two reports in CI, three typed ones, an event of its own."""
    collect(hub, server, "--only", "evidence")
    hub.load(hub.file("1.xml", junit("one")), hub.file("2.xml", junit("two")), env=IN_CI)
    typed = [hub.file(f"{number}.xml", junit(f"typed {number}")) for number in (3, 4)]
    hub.load(*typed, "--repository", "acme/shop", "--commit", COMMIT, env=NO_CI)
    # An option is no word of the CI, also where there is one.
    hub.load(hub.file("5.xml", junit("overridden")), "--repository", "acme/till", env=IN_CI)
    # Its events say themselves whose they are: what is typed beside them adds nothing to their word.
    hub.load(hub.file("events.ndjson", lines(event())), "--repository", "acme/till", env=NO_CI)


@pytest.fixture
def built(hub: Hub, serve: Callable[[object], Server]) -> Hub:
    repo = Repo("acme/shop", 1)
    repo.runs = [run(repo, 4711, BEGIN)]
    artifact(repo, 900, 4711, zipped(("junit.xml", junit("collected"))), made_at=BEGIN + timedelta(minutes=5))
    spoken(hub, serve(World(repo)))
    run_dbt_on(
        hub, "build", "--select", "+data_trust", "+data_trust_by_repository",
        "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test",
    )  # fmt: skip
    return hub


def test_each_load_counts_for_who_said_whose_it_is_and_what_was_only_declared_is_seen(built: Hub) -> None:
    assert built.rows(
        f"select topic, {WORDS}, self_declared_load_ratio from marts.data_trust where load_count > 0 order by topic"
    ) == [("policy_decision", 1, 0, 0, 1, 0, 0.0), ("test_report", 6, 1, 2, 0, 3, 0.5)]
    assert built.rows(
        "select repository, topic, evidence_count, self_declared_evidence_count from marts.data_trust_by_repository"
        " order by repository, topic"
    ) == [
        ("acme/shop", "policy_decision", 1, 0),
        ("acme/shop", "test_report", 5, 2),
        ("acme/till", "test_report", 1, 1),
    ]
    trusted = outcomes(built, "--select", "adds_up_data_trust*", "accepted_values_stg_loads*")
    assert set(trusted.values()) == {"pass"}
    assert len(trusted) == 2

    # A word that nobody counts must not go by unseen.
    built.execute("update raw.loads set context_source = 'telepathy' where format = 'hub'")
    run_dbt_on(built, "run", "--select", "data_trust")

    assert "pass" not in outcomes(built, "--select", "adds_up_data_trust*", "accepted_values_stg_loads*").values()


def test_the_words_that_are_counted_are_those_that_the_loader_knows() -> None:
    [model] = yaml.safe_load((PROJECT / "models/staging/stg_loads.yml").read_text())["models"]
    [column] = [one for one in model["columns"] if one["name"] == "context_source"]

    assert set(column["data_tests"][0]["accepted_values"]["arguments"]["values"]) == set(SOURCES)
