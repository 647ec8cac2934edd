"""Collecting from GitHub, by the real command from a real server: what is asked, and what becomes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import zstandard
from collecting import collect, state
from hub import Hub
from replay import BEGIN, TOKEN, Repo, Server, World, deployed, released, run, shop

Serve = Callable[[object], Server]


def test_everything_of_a_repository_is_collected_with_all_attempts_and_their_jobs(hub: Hub, serve: Serve) -> None:
    repo = shop(runs=130)
    server = serve(World(repo))

    collected = collect(hub, server)

    assert (collected.exit_code, collected.problems) == (0, [])
    attempts = sum(one["run_attempt"] for one in repo.runs)
    assert hub.rows("select count(*), count(distinct run_id) from raw.pipeline_runs") == [(attempts, 130)]
    assert hub.value("select count(*) from raw.pipeline_jobs") == attempts * 3
    assert hub.value("select count(distinct deployment_id) from raw.deployments") == len(repo.deployments)
    assert hub.value("select count(*) from raw.pull_requests") == len(repo.pulls)
    assert hub.value("select count(*) from raw.releases") == 1
    assert collected.repositories[0]["collected"] == {
        "runs": 130, "attempts": attempts, "jobs": attempts * 3, "deployments": len(repo.deployments),
        "pull_requests": len(repo.pulls), "releases": 1,
    }  # fmt: skip


def test_reviews_and_commits_of_a_merged_pull_request_come_from_its_timeline_and_a_programs_review_is_none(
    hub: Hub, serve: Serve
) -> None:
    repo = shop(runs=1)
    [merged_at] = [BEGIN]

    collect(hub, serve(World(repo)), "--only", "pull_requests")

    assert hub.rows("select first_review_at, approved_at, additions from raw.pull_requests") == [
        (
            (merged_at - timedelta(hours=9)).replace(tzinfo=None),
            (merged_at - timedelta(hours=2)).replace(tzinfo=None),
            41,
        )
    ]
    assert hub.value("select authored_at from raw.pull_request_commits") == (merged_at - timedelta(hours=30)).replace(
        tzinfo=None
    )


def test_what_was_collected_is_archived_can_be_shown_and_names_the_api_as_its_source(hub: Hub, serve: Serve) -> None:
    collect(hub, serve(World(shop(runs=3))))

    loads = hub.rows("select load_id, context_source, repository, provider from raw.loads")
    assert {load[1:] for load in loads} == {("api", "acme/shop", "github")}
    shown = hub.run("show", loads[0][0])
    assert shown.exit_code == 0
    assert '"url"' in shown.output
    assert hub.run("reload", "--all").exit_code == 0


def test_a_collection_can_be_replayed_from_its_archive_into_another_warehouse(
    new_hub: Callable[[], Hub], serve: Serve
) -> None:
    hub, other = new_hub(), new_hub()
    collect(hub, serve(World(shop(runs=20))))

    other.load(hub.path.parent / "archive")

    for table in ("pipeline_runs", "pipeline_jobs", "deployments", "pull_requests", "releases"):
        rows = "select * exclude (_loaded_at) from raw." + table
        assert sorted(other.rows(rows), key=repr) == sorted(hub.rows(rows), key=repr), table


def test_the_requests_are_as_many_as_the_page_says(hub: Hub, serve: Serve) -> None:
    repo = shop(runs=130)
    server = serve(World(repo))

    collected = collect(hub, server)

    again = sum(one["run_attempt"] - 1 for one in repo.runs)
    # The time since 1 September lies in three spans of 32 days; one of them holds more than a page of runs.
    listed = len(server.asked(r"/actions/runs$"))
    assert collected.sum["requests"]["by_subject"] == {
        "repositories": 1,
        "runs": listed,
        "attempts": again,
        "jobs": len(repo.runs),
        "deployments": 1,
        "deployment statuses": len(repo.deployments),
        "pull requests": 1 + len(repo.pulls),
        "timelines": len(repo.pulls),
        "releases": 1,
        "artifacts": 1,
    }
    assert listed == 4
    assert collected.sum["requests"]["sent"] == len(server.requests)
    assert collected.sum["requests"]["per_1000_runs"] == round(len(server.requests) / 130 * 1000)


def test_a_second_collection_asks_one_conditional_question_per_page_and_loads_nothing(hub: Hub, serve: Serve) -> None:
    server = serve(World(shop()))
    collect(hub, server)
    before, loads = len(server.requests), hub.value("select count(*) from raw.loads")

    second = collect(hub, server)

    asked = server.requests[before:]
    assert not [one for one in asked if "jobs" in one.path or "statuses" in one.path or "timeline" in one.path]
    # All but the question what the repository is called.
    assert second.sum["requests"]["not_modified"] == len(asked) - 1
    assert second.repositories[0]["collected"] == {}
    assert hub.value("select count(*) from raw.loads") == loads


def test_only_what_is_new_is_asked_for_a_new_run_one_run_again_and_one_that_was_not_finished(
    hub: Hub, serve: Serve
) -> None:
    repo = shop(runs=30)
    repo.runs[0] |= {"status": "in_progress", "conclusion": None}
    server = serve(World(repo))
    collect(hub, server)
    before = len(server.requests)

    later = BEGIN + timedelta(days=20)
    repo.runs[0] |= {"status": "completed", "conclusion": "success", "updated_at": "2026-09-10T00:00:00Z"}
    repo.runs[5] |= {"run_attempt": 2, "updated_at": "2026-09-11T00:00:00Z"}
    repo.runs.insert(0, run(repo, 5_000_000, later))
    deployed(repo, 999, 5_000_000, later)
    released(repo, 2, "v1.1.0", later)
    second = collect(hub, server)

    assert second.repositories[0]["collected"] == {
        "runs": 3, "attempts": 4, "jobs": 12, "deployments": 1, "releases": 1
    }  # fmt: skip
    asked = Counter(one.path.rsplit("/", 1)[1] for one in server.requests[before:])
    assert (asked["jobs"], asked["statuses"], asked["1"]) == (3, 1, 1)
    known = "select status_original from raw.pipeline_runs where run_id = '1000029' order by _emitted_at desc"
    assert hub.rows(known) == [("completed/success",), ("in_progress",)]


def test_a_run_that_waits_longer_than_lists_are_looked_through_is_asked_for_by_its_number(
    hub: Hub, serve: Serve
) -> None:
    repo = shop(runs=2)
    repo.runs[0] |= {"status": "waiting", "conclusion": None}
    server = serve(World(repo))
    collect(hub, server)
    server.clock_ahead += timedelta(days=60)

    repo.runs[0] |= {"status": "completed", "conclusion": "success", "updated_at": "2026-10-06T00:00:00Z"}
    second = collect(hub, server)

    assert second.repositories[0]["collected"]["runs"] == 1
    assert hub.value("select count(*) from raw.pipeline_runs where status_original = 'completed/success'") == 2


def test_an_earlier_since_collects_what_lies_before_and_asks_for_nothing_twice(hub: Hub, serve: Serve) -> None:
    repo = shop(runs=60)
    server = serve(World(repo))
    collect(hub, server, since="2026-09-10")
    assert hub.value("select count(distinct run_id) from raw.pipeline_runs") < 60
    asked = len(server.asked("/jobs"))

    collect(hub, server, since="2026-09-01")

    assert hub.value("select count(distinct run_id) from raw.pipeline_runs") == 60
    assert len(server.asked("/jobs")) == 60
    assert asked < 60


def test_more_than_a_thousand_runs_are_asked_for_by_shorter_spans_of_time(hub: Hub, serve: Serve) -> None:
    repo = Repo("acme/shop", job_count=1)
    repo.runs = [run(repo, 10_000 - number, BEGIN + timedelta(days=20, minutes=-7 * number)) for number in range(1010)]
    server = serve(World(repo))

    collected = collect(hub, server, "--only", "runs", "--concurrency", "8")

    assert collected.problems == []
    assert hub.value("select count(distinct run_id) from raw.pipeline_runs") == 1010
    assert collected.sum["requests"]["per_1000_runs"] < 1020


def test_again_asks_for_what_is_collected_already_and_adds_nothing(hub: Hub, serve: Serve) -> None:
    server = serve(World(shop(runs=10)))
    collect(hub, server)
    before = state(hub)

    again = collect(hub, server, "--again")

    assert again.sum["events"]["loaded"] == 0
    assert again.sum["events"]["duplicate"] == again.sum["events"]["events"] > 0
    assert state(hub) == before


def test_the_token_is_in_no_file_and_is_sent_to_nobody_but_the_api(hub: Hub, serve: Serve) -> None:
    server = serve(World(shop(runs=5)))

    collect(hub, server)

    assert {one.headers["Authorization"] for one in server.requests} == {f"Bearer {TOKEN}"}
    for path in hub.folder.rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in contents(path), path


def contents(path: Path) -> bytes:
    content = path.read_bytes()
    return zstandard.ZstdDecompressor().decompressobj().decompress(content) if path.suffix == ".zst" else content
