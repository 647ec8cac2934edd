"""What a mart says after the hub was fixed and read its evidence again, and of evidence that comes more than once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from dbt_project import run_dbt_on
from hub import COMMIT, PROJECT, SHOP, Hub, lines

from ingest import gate, readers
from ingest.readers import junit_xml

JUNIT = PROJECT / "tests/ingest/readers/fixtures/junit_xml/valid"
# Of three tests one passed only when it was run again.
RERUNS = (JUNIT / "surefire_reruns.xml").read_bytes()
CLEAN = JUNIT / "equal_suites.xml"
CART = ("--repository", "acme/cart", "--commit", COMMIT)

Rows = list[tuple[Any, ...]]
Answers = tuple[Mapping[str, Rows], Mapping[str, Rows]]
"""What each question was answered before the fix and the reload, and after."""

QUESTIONS = {
    "deployments": "select deployment_id, status from marts.deployments order by all",
    "tests": """
        select repository, suite, suite_run_count, executed_test_count, failed_test_count, flaky_test_count
        from marts.test_health order by all
    """,
    "loads": "select format, generation, rejected_event_count from staging.stg_loads order by all",
}


def deployment(name: str, **fields: Any) -> Mapping[str, Any]:
    return {
        "schema": "deployment.v1.0",
        "deployment_id": name,
        "repo": "acme/shop",
        "environment": "production",
        "is_production": True,
        "status": "success",
        "started_at": "2026-03-02T10:00:00Z",
        **fields,
    }


@pytest.fixture(scope="module")
def faulty_hub() -> Iterator[pytest.MonkeyPatch]:
    """A version of the hub that rejects canaries, and takes a test that passed at last for one that passed at once."""
    real = gate._admit

    def strict(item: Any, *rest: Any) -> None:
        if item.get("strategy") == "canary":
            raise gate._Bad("contract", "no deployment may be a canary", "/strategy")
        real(item, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "_admit", strict)
        patch.setattr(junit_xml, "_EARLIER_ATTEMPTS", frozenset())
        patch.setattr(junit_xml, "VERSION", junit_xml.VERSION - 1)
        readers.reader.cache_clear()
        yield patch
    readers.reader.cache_clear()


@pytest.fixture(scope="module")
def answers(shared_hub: Hub, faulty_hub: pytest.MonkeyPatch) -> Answers:
    """What the marts said before the fix and the reload, and what they say after."""
    hub = shared_hub
    deployments = lines(deployment("1"), deployment("2", strategy="canary"))
    hub.load(hub.file("deployments.ndjson", deployments), exit_code=1)
    hub.load(hub.file("report.xml", RERUNS), *SHOP)
    hub.load(hub.file("report-again.xml", RERUNS + b"\n"), *SHOP)
    hub.load(CLEAN, *SHOP)
    hub.load(CLEAN, *CART)
    before = answered(hub)

    faulty_hub.undo()
    readers.reader.cache_clear()
    for which in ("--rejected", "--outdated"):
        assert hub.run("reload", which).exit_code == 0
    return before, answered(hub)


def answered(hub: Hub) -> Mapping[str, Rows]:
    models = ("--select", "+deployments", "+test_health", "--exclude-resource-type", "unit_test", "test")
    run_dbt_on(hub, "build", *models)
    return {name: hub.rows(sql) for name, sql in QUESTIONS.items()}


def test_every_load_is_read_again_and_counts_in_its_newest_generation_only(answers: Answers) -> None:
    before, after = answers

    assert before["loads"] == [("hub", 1, 1), *[("junit_xml", 1, 0)] * 4]
    assert after["loads"] == [("hub", 2, 0), *[("junit_xml", 2, 0)] * 4]


def test_what_a_fixed_gate_no_longer_rejects_is_in_the_mart_and_nothing_is_twice(answers: Answers) -> None:
    before, after = answers

    assert before["deployments"] == [("1", "success")]
    assert after["deployments"] == [("1", "success"), ("2", "success")]


def test_what_a_fixed_reader_sees_is_in_the_mart_and_nothing_is_twice(answers: Answers) -> None:
    before, after = ([row[2:] for row in rows["tests"] if row[1] == "shop.CartTest"] for rows in answers)

    # Runs of the suite, tests that were executed, failed, and were flaky.
    assert before == [(1, 3, 1, 0)]
    assert after == [(1, 3, 1, 1)]


def test_the_same_report_in_two_files_is_one_in_the_mart(answers: Answers, shared_hub: Hub) -> None:
    _, after = answers

    assert shared_hub.value("select count(*) from staging.stg_loads where source_name like '%report%.xml'") == 2
    assert [row[2] for row in after["tests"] if row[1] == "shop.CartTest"] == [1]


def test_the_same_clean_report_of_two_repositories_is_two_in_the_mart(answers: Answers) -> None:
    _, after = answers

    assert [row for row in after["tests"] if row[1] == "smoke"] == [
        ("acme/cart", "smoke", 2, 2, 0, 0),
        ("acme/shop", "smoke", 2, 2, 0, 0),
    ]
