"""Collecting from GitLab: the same shape, asked for by when things last changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import collecting
from hub import Hub
from replay import BEGIN, TOKEN, Request, Response, Server, once
from replay_gitlab import NAME, GitLabWorld, Project, merge_request, pipeline, shop, stamp
from test_github import contents

Serve = Callable[[object], Server]
collect = partial(collecting.collect, provider="gitlab", repository=NAME)


def test_pipelines_with_retried_jobs_deployments_and_merge_requests_are_collected(hub: Hub, serve: Serve) -> None:
    project = shop()
    server = serve(GitLabWorld(project))

    collected = collect(hub, server)

    assert (collected.exit_code, collected.problems) == (0, [])
    assert hub.value("select count(distinct run_id) from raw.pipeline_runs") == 30
    assert hub.value("select count(distinct job_id) from raw.pipeline_jobs") == 90
    assert hub.value("select count(*) from raw.deployments") == len(project.deployments)
    assert hub.value("select count(*) from raw.pull_requests") == len(project.merge_requests)
    assert hub.rows("select distinct context_source, repository from raw.loads") == [("api", NAME)]
    assert collected.sum["requests"]["by_subject"] == {
        "projects": 1, "pipelines": 31, "jobs": 30, "deployments": 1, "merge requests": 1,
        "commits": len(project.merge_requests), "notes": len(project.merge_requests),
    }  # fmt: skip


def test_reviews_come_from_notes_whose_words_are_not_kept(hub: Hub, serve: Serve) -> None:
    project = shop(1)

    collect(hub, serve(GitLabWorld(project)))

    columns = "ready_for_review_at, first_review_at, approved_at, merged_at, merge_commit_sha is not null"
    [(ready, review, approval, merge, has_commit)] = hub.rows(f"select {columns} from raw.pull_requests")
    before = [merge - moment for moment in (ready, review, approval)]
    assert before == [timedelta(hours=18), timedelta(hours=9), timedelta(hours=2)]
    assert has_commit
    assert hub.value("select count(*) from raw.pull_request_commits where authored_at is not null") == 1
    assert not [path for path in (hub.path.parent / "archive").rglob("*.zst") if b"private key" in contents(path)]


def test_a_second_collection_asks_one_question_per_part_and_loads_nothing(hub: Hub, serve: Serve) -> None:
    server = serve(GitLabWorld(shop()))
    collect(hub, server)
    before, loads = len(server.requests), hub.value("select count(*) from raw.loads")

    second = collect(hub, server)

    assert len(server.requests) - before == 4
    assert second.repositories[0]["collected"] == {}
    assert hub.value("select count(*) from raw.loads") == loads


def test_what_was_not_finished_and_what_is_new_is_asked_for_and_nothing_else(hub: Hub, serve: Serve) -> None:
    project = shop(5)
    pipeline(project, 6000, BEGIN + timedelta(days=40), status="running")
    server = serve(GitLabWorld(project))
    collect(hub, server)

    later = BEGIN + timedelta(days=44, hours=5)
    project.pipelines[-1] |= {"status": "success", "updated_at": stamp(later), "finished_at": stamp(later)}
    merge_request(project, 77, later)
    second = collect(hub, server)

    assert second.repositories[0]["collected"] == {"pipelines": 1, "jobs": 3, "merge_requests": 1}
    known = "select status_original from raw.pipeline_runs where run_id = '6000' order by _emitted_at"
    assert hub.rows(known) == [("running",), ("success",)]


def test_pages_that_change_while_they_are_turned_hide_nothing(hub: Hub, serve: Serve) -> None:
    project = shop(0)
    for number in range(230):
        pipeline(project, 5000 + number, BEGIN + timedelta(minutes=number // 50))
    server = serve(GitLabWorld(project))
    moved: list[int] = []

    def changes(request: Request) -> None:
        # One of the first page changes once more and moves to the end: all others move up by one.
        if request.path.endswith("/pipelines") and "updated_after" in request.query and len(moved) < 2:
            moved.append(len(moved))
            project.pipelines[len(moved)]["updated_at"] = stamp(BEGIN + timedelta(days=30))

    server.faults.append(changes)

    assert collect(hub, server).exit_code == 0
    assert hub.value("select count(distinct run_id) from raw.pipeline_runs") == 230


def test_limits_and_missing_rights_have_gitlabs_words(hub: Hub, serve: Serve) -> None:
    server = serve(GitLabWorld(shop(3)))
    server.faults += [
        once("/jobs", Response(429, b"Retry later", {"Retry-After": "1"})),
        once("/deployments", Response(403, b'{"message": "403 Forbidden"}')),
    ]

    collected = collect(hub, server)

    assert collected.exit_code == 3
    assert collected.sum["rate_limit_pauses"] == 1
    assert collected.problems == [
        f"{NAME}: the token may not read deployments: it needs the scope read_api, and at least the role Reporter in "
        "the project"
    ]
    assert hub.value("select count(*) from raw.pull_requests") == 1


def test_a_group_is_all_its_projects(hub: Hub, serve: Serve) -> None:
    server = serve(GitLabWorld(shop(3)))

    collected = collect(hub, server, "--group", "acme", repository=None)

    assert [one["repository"] for one in collected.repositories] == [NAME]
    assert {one.headers["PRIVATE-TOKEN"] for one in server.requests} == {TOKEN}


def test_archived_and_sleeping_projects_are_left_out_of_a_group_unless_asked_for(hub: Hub, serve: Serve) -> None:
    archived, asleep = (
        Project("acme/attic", is_archived=True),
        Project("acme/old", last_activity_at="2021-01-01T00:00:00Z"),
    )
    server = serve(GitLabWorld(shop(3), archived, asleep))

    def names(*more: str) -> set[str]:
        collected = collect(hub, server, "--group", "acme", *more, repository=None)
        assert collected.exit_code == 0
        return {one["repository"] for one in collected.repositories}

    assert names() == {NAME}
    assert names("--include-quiet") == {NAME, "acme/attic", "acme/old"}
