"""Reading archived evidence again, after a reader or a contract was fixed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hub import PROJECT, SHOP, Hub, event, lines

from ingest import gate

JUNIT = PROJECT / "tests/ingest/readers/fixtures/junit_xml/valid/equal_suites.xml"
DAMAGED = lines(event(), event(decision="deny", rule="strict"))


@pytest.fixture
def too_strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A version of the hub that rejects what it should not; undone, it is fixed."""
    real = gate._admit

    def strict(item: Any, *rest: Any) -> None:
        if item.get("rule") == "strict":
            raise gate._Bad("contract", "no rule may be strict", "/rule")
        real(item, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(gate, "_admit", strict)
        yield patch


def reloaded(hub: Hub, *arguments: str, exit_code: int = 0) -> list[dict[str, Any]]:
    result = hub.run("reload", *arguments, "--json")
    assert result.exit_code == exit_code, result.output
    return [orjson.loads(line) for line in result.stdout.splitlines()]


def test_a_second_generation_supersedes_the_first_and_its_rejects_vanish(
    hub: Hub, too_strict: pytest.MonkeyPatch
) -> None:
    [first] = hub.load(hub.file("evidence.ndjson", DAMAGED), exit_code=1)
    too_strict.undo()

    [report] = reloaded(hub, "--rejected")

    assert (report["load_id"], report["generation"], report["loaded"], report["rejected"]) == (
        first["load_id"],
        2,
        2,
        0,
    )
    assert hub.run("rejects").stdout == "none\n"
    assert hub.rows("select _generation, decision from raw.policy_decisions order by 1, 2") == [
        (1, "allow"),
        (2, "allow"),
        (2, "deny"),
    ]
    loads = hub.rows("select generation, loaded_event_count, rejected_event_count from raw.loads order by committed_at")
    assert loads == [(1, 1, 1), (2, 2, 0)]


def test_status_counts_what_was_read_last_as_the_list_of_rejects_does(hub: Hub, too_strict: pytest.MonkeyPatch) -> None:
    hub.load(hub.file("evidence.ndjson", DAMAGED), exit_code=1)
    before = hub.run("status").stdout
    too_strict.undo()

    reloaded(hub, "--rejected")

    after = hub.run("status").stdout
    assert "1 load of 2 events; 1 rejected (ci-intel rejects)" in before
    assert "1 load of 2 events; 0 rejected (ci-intel rejects)" in after
    assert " 2 rows       1 load " in after


def test_a_reload_keeps_what_was_said_of_the_load_and_when(hub: Hub) -> None:
    kept = (
        "source_name, content_sha256, loaded_at, source_modified_at, "
        "repository, commit_sha, context_source, submitted_by"
    )
    path = hub.file("report.xml", JUNIT.read_bytes())
    hub.load(path, *SHOP)
    path.unlink()

    [report] = reloaded(hub, "--all")

    assert report["generation"] == 2
    first, second = hub.rows(f"select {kept} from raw.loads order by generation")
    assert first == second
    ids = hub.rows("select _generation, test_suite_id from raw.test_suites order by 1, 2")
    assert [row[1] for row in ids if row[0] == 1] == [row[1] for row in ids if row[0] == 2]


def test_the_same_evidence_after_a_reload_is_a_duplicate_of_its_newest_generation(
    hub: Hub, too_strict: pytest.MonkeyPatch
) -> None:
    path = hub.file("evidence.ndjson", DAMAGED)
    hub.load(path, exit_code=1)
    too_strict.undo()
    reloaded(hub, "--all")

    [again] = hub.load(path)

    assert (again["status"], again["generation"], again["duplicate"]) == ("duplicate", 2, 2)


def test_only_what_was_asked_for_is_read_again(hub: Hub) -> None:
    [report] = hub.load(JUNIT, *SHOP)
    hub.load(hub.file("evidence.ndjson", DAMAGED))

    assert [one["format"] for one in reloaded(hub, "--format", "junit_xml")] == ["junit_xml"]
    assert [one["load_id"] for one in reloaded(hub, report["load_id"][:10])] == [report["load_id"]]
    assert reloaded(hub, "--outdated") == reloaded(hub, "--rejected") == []
    assert len(reloaded(hub, "--all")) == 2


def test_a_load_without_archived_bytes_exits_3_and_the_others_are_read(hub: Hub) -> None:
    hub.load(JUNIT, *SHOP)
    hub.load(hub.file("evidence.ndjson", DAMAGED), "--no-archive")

    result = hub.run("reload", "--all", "--json")

    assert result.exit_code == 3
    assert "--no-archive" in result.stderr
    assert [orjson.loads(line)["format"] for line in result.stdout.splitlines()] == ["junit_xml"]


def test_a_reload_takes_the_limits_that_the_load_took(hub: Hub) -> None:
    long = lines(event(reason="x" * 3000))
    path = hub.file("evidence.ndjson", long)
    hub.load(path, "--max-line-bytes", "1000", exit_code=1)

    [narrow] = reloaded(hub, "--all", "--max-line-bytes", "1000", exit_code=1)
    [wide] = reloaded(hub, "--all")

    assert (narrow["rejected"], wide["loaded"]) == (1, 1)
