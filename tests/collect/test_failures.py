"""What goes wrong on the way, and what becomes of it: each has a stated outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from collecting import arguments, collect, state
from hub import Hub
from replay import BEGIN, NOW, TOKEN, Repo, Request, Response, Server, World, deployed, limited, once, run, shop

from collect.throttle import pause_asked_for

Serve = Callable[[object], Server]


def undisturbed(new_hub: Callable[[], Hub], server: Server) -> dict[str, object]:
    hub = new_hub()
    assert collect(hub, server).exit_code == 0
    return state(hub)


def test_the_primary_limit_is_waited_for_and_said_and_nothing_is_missing(
    new_hub: Callable[[], Hub], serve: Serve
) -> None:
    server = serve(World(shop(runs=8)))
    whole = undisturbed(new_hub, server)
    hub = new_hub()
    server.faults.append(once("/jobs", limited(server, 3)))

    collected = collect(hub, server, "--concurrency", "3")

    assert collected.exit_code == 0
    assert "rate limit (403): waiting" in collected.errors
    assert collected.sum["rate_limit_pauses"] == 1
    assert collected.sum["waited_seconds"] >= 1
    assert state(hub) == whole


def test_a_limit_beyond_the_longest_wait_ends_the_command_and_the_same_command_goes_on(
    new_hub: Callable[[], Hub], serve: Serve
) -> None:
    server = serve(World(shop(runs=8)))
    whole = undisturbed(new_hub, server)
    hub = new_hub()
    server.faults.append(once("/timeline", limited(server, 1800)))

    ended = collect(hub, server, "--max-wait", "60")

    assert ended.exit_code == 3
    assert "which is longer than --max-wait (60 s) allows" in ended.sum["problem"]
    assert "the same command goes on from there" in ended.problems[0]
    assert hub.value("select count(distinct run_id) from raw.pipeline_runs") == 8
    asked = len(server.requests)
    assert collect(hub, server).exit_code == 0
    assert not [one for one in server.requests[asked:] if one.path.endswith("/jobs")]
    assert state(hub) == whole


def test_a_secondary_limit_is_waited_for_as_long_as_it_says(hub: Hub, serve: Serve) -> None:
    server = serve(World(shop(runs=3)))
    said = b'{"message": "You have exceeded a secondary rate limit."}'
    server.faults += [
        once("/jobs", Response(403, said, {"Retry-After": "1"})),
        once("/statuses", Response(429, said, {"Retry-After": "1"})),
    ]

    collected = collect(hub, server)

    assert (collected.exit_code, collected.sum["rate_limit_pauses"], collected.sum["requests"]["repeated"]) == (0, 2, 2)


@pytest.mark.parametrize(
    ("status", "headers", "body", "earlier", "seconds"),
    [
        pytest.param(403, {}, b"You have exceeded a secondary rate limit", 0, 60, id="a secondary limit is a minute"),
        pytest.param(403, {}, b"You have exceeded a secondary rate limit", 2, 240, id="and doubles"),
        pytest.param(429, {}, b"", 9, 900, id="up to a quarter of an hour"),
        pytest.param(429, {"retry-after": "7"}, b"", 3, 7, id="unless it is said"),
        pytest.param(403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1030"}, b"", 0, 31, id="a reset"),
        pytest.param(403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "900"}, b"", 0, 1, id="one that was"),
        pytest.param(429, {"ratelimit-remaining": "0", "ratelimit-reset": "1060"}, b"", 0, 61, id="GitLab's words"),
        pytest.param(403, {"x-ratelimit-remaining": "17"}, b"Resource not accessible", 0, None, id="a missing right"),
        pytest.param(404, {"x-ratelimit-remaining": "0"}, b"", 0, None, id="an answer, the last one"),
    ],
)
def test_a_pause_is_what_the_provider_asks_for(
    status: int, headers: dict[str, str], body: bytes, earlier: int, seconds: float | None
) -> None:
    assert pause_asked_for(status, headers, body, 1000.0, earlier) == seconds


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(Response(500, b"oops"), id="an error of the server"),
        pytest.param(Response(502, b"<html>bad gateway</html>"), id="a gateway that does not know"),
        pytest.param(Response(200, b'{"total_count": 3, "jobs": [', is_cut=True), id="a connection that is cut"),
        pytest.param(Response(200, b'{"total_count": 3, "jobs": ['), id="an answer that is cut"),
        pytest.param(Response(200, b"<html>Sign in</html>"), id="a page for people"),
    ],
)
def test_what_fails_is_asked_for_again(new_hub: Callable[[], Hub], serve: Serve, failure: Response) -> None:
    server = serve(World(shop(runs=3)))
    whole = undisturbed(new_hub, server)
    hub = new_hub()
    server.faults.append(once("/jobs", failure, times=2))

    collected = collect(hub, server, "--concurrency", "1")

    assert (collected.exit_code, collected.sum["requests"]["repeated"]) == (0, 2)
    assert state(hub) == whole


def test_what_fails_for_ever_is_named_and_everything_else_is_collected(hub: Hub, serve: Serve) -> None:
    server = serve(World(shop(runs=3)))
    server.faults.append(once("/deployments$", Response(503, b""), times=1000))

    collected = collect(hub, server)

    assert collected.exit_code == 3
    [problem] = collected.problems
    assert problem.startswith("acme/shop: deployments: 127.0.0.1:")
    assert problem.endswith("answers 503, 5 times in a row; run the same command again later")
    assert hub.value("select count(*) from raw.releases") == 1
    assert hub.value("select count(*) from raw.positions where kind = 'through' and name = 'deployments'") == 0


def test_one_run_that_fails_for_ever_keeps_no_other_from_being_collected_and_is_asked_for_again(
    new_hub: Callable[[], Hub], serve: Serve
) -> None:
    server = serve(World(shop(runs=6)))
    whole = undisturbed(new_hub, server)
    hub = new_hub()
    server.faults.append(once("/1000002/jobs", Response(500, b""), times=1000))

    collected = collect(hub, server)

    assert (collected.exit_code, len(collected.problems)) == (3, 1)
    assert hub.value("select count(distinct run_id) from raw.pipeline_runs") == 5
    server.faults.clear()
    again = collect(hub, server)
    assert (again.exit_code, again.repositories[0]["collected"]) == (0, {"runs": 1, "attempts": 1, "jobs": 3})
    rows = "select * exclude (_load_id, _event_id, _source_line, _loaded_at) from raw.pipeline_jobs order by all"
    assert len(hub.rows(rows)) == len(whole["pipeline_jobs"])  # type: ignore[arg-type]


def test_where_everything_fails_a_part_is_given_up_soon(hub: Hub, serve: Serve) -> None:
    server = serve(World(shop(runs=40)))
    server.faults.append(once("/jobs", Response(500, b""), times=10_000))

    collected = collect(hub, server, "--only", "runs", "--concurrency", "32")

    assert (collected.exit_code, len(collected.problems)) == (3, 6)


def test_a_run_that_is_deleted_while_pages_are_turned_hides_no_other(hub: Hub, serve: Serve) -> None:
    repo = shop(runs=110, begin=BEGIN + timedelta(days=20), every=timedelta(minutes=1))
    server = serve(World(repo))

    def deletes(request: Request) -> None:
        if request.path.endswith("/actions/runs") and request.page == 2 and len(repo.runs) == 110:
            del repo.runs[3]

    server.faults.append(deletes)

    collected = collect(hub, server, "--only", "runs")

    assert (collected.exit_code, collected.problems) == (0, [])
    known = {int(run_id) for (run_id,) in hub.rows("select distinct run_id from raw.pipeline_runs")}
    assert {one["id"] for one in repo.runs} <= known


def test_runs_that_are_made_while_pages_are_turned_are_collected_at_the_latest_the_next_time(
    hub: Hub, serve: Serve
) -> None:
    repo = shop(runs=105, begin=NOW - timedelta(days=5), every=timedelta(minutes=1))
    server = serve(World(repo))
    made = iter(range(7_000_000, 7_000_100))

    def makes(request: Request) -> None:
        if request.path.endswith("/actions/runs") and request.page == 2:
            repo.runs.insert(0, run(repo, next(made), NOW - timedelta(hours=1)))

    server.faults.append(makes)
    collect(hub, server, "--only", "runs")
    server.faults.clear()

    collect(hub, server, "--only", "runs")

    assert hub.value("select count(distinct run_id) from raw.pipeline_runs") == len(repo.runs)


def test_a_run_that_is_deleted_before_its_jobs_are_asked_for_is_left_out_and_counted(hub: Hub, serve: Serve) -> None:
    server = serve(World(shop(runs=4)))
    server.faults.append(once("/1000002/jobs", Response(404, b'{"message": "Not Found"}'), times=9))

    collected = collect(hub, server)

    assert (collected.exit_code, collected.problems) == (0, [])
    assert collected.repositories[0]["collected"]["gone"] == 1
    assert hub.value("select count(distinct run_id) from raw.pipeline_runs") == 3


def test_a_token_without_a_right_is_told_which_and_where_and_the_other_parts_are_collected(
    hub: Hub, serve: Serve
) -> None:
    server = serve(World(shop(runs=3), shop(runs=3, name="acme/till", repo_id=2)))
    denied = Response(
        403,
        b'{"message": "Resource not accessible by personal access token"}',
        {"X-Accepted-GitHub-Permissions": "deployments=read"},
    )
    server.faults.append(once("/acme/till/deployments", denied))

    collected = collect(hub, server, "--repository", "acme/till")

    assert collected.exit_code == 3
    assert collected.problems == [
        "acme/till: the token may not read deployments: it needs the repository permission Deployments: read "
        "(the API says: deployments=read)"
    ]
    assert hub.rows("select repository, count(*) from raw.pipeline_runs group by all order by all") == [
        ("acme/shop", 3),
        ("acme/till", 3),
    ]


def test_a_token_that_is_not_accepted_ends_the_command_at_once(hub: Hub, serve: Serve) -> None:
    server = serve(World(shop(runs=3)))
    server.faults.append(once(".", Response(401, b'{"message": "Bad credentials"}'), times=99))

    collected = collect(hub, server, "--repository", "acme/till")

    assert (collected.exit_code, len(server.requests)) == (3, 1)
    assert "does not accept the token (401)" in collected.sum["problem"]


def test_a_repository_that_is_not_there_is_named_and_the_others_are_collected(hub: Hub, serve: Serve) -> None:
    server = serve(World(shop(runs=3)))

    collected = collect(hub, server, "--repository", "acme/gone", "--only", "runs")

    assert collected.exit_code == 3
    assert collected.problems[0].startswith("acme/gone: there is no such repository, or the token may not see it")
    assert hub.value("select count(*) from raw.pipeline_runs") == 3


def test_a_renamed_repository_is_collected_under_its_name_and_the_command_says_so(hub: Hub, serve: Serve) -> None:
    world = World(shop(runs=3))
    world.moved["acme/store"] = "acme/shop"
    server = serve(world)

    collected = collect(hub, server, repository="acme/store")

    assert collected.exit_code == 0
    assert collected.repositories[0]["notes"] == ["acme/store is called acme/shop now, and is collected as that"]
    assert hub.value("select distinct repository from raw.pipeline_runs") == "acme/shop"
    # Once is enough: everything else is asked for under the new name.
    assert len(server.asked("acme/store")) == 1


def test_an_archived_repository_is_collected_and_said_to_be_so(hub: Hub, serve: Serve) -> None:
    repo = shop(runs=3)
    repo.is_archived = True

    collected = collect(hub, serve(World(repo)))

    assert (collected.exit_code, collected.repositories[0]["collected"]["runs"]) == (0, 3)
    assert collected.repositories[0]["notes"][0].startswith("acme/shop is archived")


def test_a_redirect_to_another_host_is_not_followed_by_the_api_and_gets_no_token(hub: Hub, serve: Serve) -> None:
    server, stranger = serve(World(shop(runs=3))), serve(World())
    server.faults.append(once("/releases", Response(301, b"", {"Location": f"{stranger.url}/releases"})))

    collected = collect(hub, server)

    assert collected.exit_code == 3
    assert "redirects to another host" in collected.problems[0]
    assert stranger.requests == []


def test_of_an_organisation_only_what_was_pushed_to_is_asked_for_however_much_sleeps(hub: Hub, serve: Serve) -> None:
    awake = [shop(runs=2, name=f"acme/live-{number}", repo_id=number) for number in range(1, 4)]
    awake[2].is_archived = True
    asleep = [Repo(f"acme/old-{number}", pushed_at="2021-01-01T00:00:00Z") for number in range(10_000)]
    server = serve(World(*awake, organisation=[*asleep, *awake]))

    collected = collect(hub, server, "--org", "acme", "--only", "runs", repository=None)

    assert [one["repository"] for one in collected.repositories] == ["acme/live-1", "acme/live-2"]
    assert len(server.asked("^/orgs/")) == 1
    assert not server.asked("old-")


def test_an_organisation_with_more_than_is_bearable_is_refused_before_anything_is_collected(
    hub: Hub, serve: Serve
) -> None:
    server = serve(World(organisation=[Repo(f"acme/live-{number}") for number in range(10_000)]))

    collected = collect(hub, server, "--org", "acme", "--max-repositories", "250", repository=None)

    assert (collected.exit_code, len(server.requests)) == (3, 3)
    assert "acme has more than 250 repositories that were pushed to since 2026-09-01" in collected.sum["problem"]
    assert "raise --max-repositories" in collected.sum["problem"]


def test_it_is_also_refused_where_those_beyond_are_followed_by_some_that_sleep(hub: Hub, serve: Serve) -> None:
    awake = [Repo(f"acme/live-{number}") for number in range(3)]
    server = serve(World(organisation=[*awake, Repo("acme/old", pushed_at="2021-01-01T00:00:00Z")]))

    collected = collect(hub, server, "--org", "acme", "--max-repositories", "2", repository=None)

    assert (collected.exit_code, len(server.requests)) == (3, 1)
    assert "acme has more than 2 repositories" in collected.sum["problem"]


def test_a_clock_that_is_wrong_here_neither_rejects_what_is_new_nor_moves_what_is_asked(hub: Hub, serve: Serve) -> None:
    repo = Repo("acme/shop")
    server = serve(World(repo))
    server.clock_ahead = timedelta(days=2)
    at = (NOW.now(NOW.tzinfo) + timedelta(days=2)).replace(microsecond=0)
    repo.runs = [run(repo, 1, at - timedelta(minutes=30))]

    collected = collect(hub, server, since="7d")

    assert (collected.exit_code, collected.sum["events"]["loaded"], collected.sum["events"]["rejected"]) == (0, 4, 0)
    assert "this machine's clock is" in collected.errors
    assert "behind that of 127.0.0.1" in collected.errors


def test_what_a_wrong_clock_rejected_is_said_to_be_missing_until_it_is_read_again(hub: Hub, serve: Serve) -> None:
    repo = Repo("acme/shop")
    server = serve(World(repo))
    server.clock_ahead = timedelta(days=-42)
    at = NOW.now(NOW.tzinfo).replace(microsecond=0)
    deployed(repo, 1, 1, at - timedelta(minutes=30))
    hint = "2 of these events are rejected: `ci-intel rejects` says why"

    first = collect(hub, server, since="7d")
    server.clock_ahead = timedelta()
    again = collect(hub, server, "--again", since="7d")
    mended = hub.run("reload", "--rejected")

    assert (first.exit_code, first.sum["events"]["rejected"], hint in first.errors) == (1, 2, True)
    assert (again.exit_code, again.sum["events"]["rejected_before"], hint in again.errors) == (0, 2, True)
    assert mended.exit_code == 0
    assert hub.rows("select count(*) from raw.deployments") == [(2,)]


def test_what_explains_many_rejects_is_the_last_to_be_read(hub: Hub, serve: Serve) -> None:
    repo = Repo("acme/shop")
    server = serve(World(repo))
    server.clock_ahead = timedelta(days=2)
    at = (NOW.now(NOW.tzinfo) + timedelta(days=4)).replace(microsecond=0)
    repo.runs = [run(repo, number, at) for number in range(1, 31)]

    said = hub.run(*arguments(server, "--only", "runs", since="7d")).stderr.splitlines()

    rejected = [line for line in said if "in_the_future" in line]
    assert len(rejected) <= 6
    assert "more rejected (ci-intel rejects)" in said[-3]
    assert "this machine's clock is" in said[-2]
    assert "of these events are rejected" in said[-1]


@pytest.mark.parametrize(
    ("more", "environment", "message"),
    [
        pytest.param(
            (), {"CI_INTEL_GITHUB_TOKEN": ""}, "no token: set CI_INTEL_GITHUB_TOKEN or GITHUB_TOKEN", id="no token"
        ),
        pytest.param(
            (), {"CI_INTEL_GITHUB_TOKEN": f"{TOKEN}\nx: y"}, "holds no token: it has", id="a token with a line end"
        ),
        pytest.param(
            (), {"CI_INTEL_GITHUB_TOKEN": "abc"}, "holds no token: it is too short", id="a token that was cut short"
        ),
        pytest.param(("--api-url", "http://github.example.org"), {}, "is not https", id="a token in the open"),
        pytest.param(("--api-url", "ftp://github.example.org"), {}, "not the URL of an API", id="no API"),
        pytest.param(("--repository", "shop"), {}, "is not OWNER/NAME", id="a name without its owner"),
        pytest.param(("--repository", "../.."), {}, "is not OWNER/NAME", id="a path"),
        pytest.param(("--since", "yesterday"), {}, "is neither days, as 90d, nor a date", id="a word for a day"),
    ],
)
def test_wrong_usage_says_what_is_meant_and_asks_nobody(
    hub: Hub, serve: Serve, more: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    server = serve(World(shop(runs=1)))

    result = hub.run(*arguments(server, *more), env=environment)

    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert TOKEN not in result.output
    assert server.requests == []


def test_nothing_named_is_wrong_usage(hub: Hub) -> None:
    result = hub.run("collect", "github")

    assert result.exit_code == 2
    assert "say what to collect" in result.output


def test_an_answer_that_repeats_the_token_is_not_kept(hub: Hub, serve: Serve) -> None:
    server = serve(World(shop(runs=1)))
    server.faults.append(once("/releases", Response(200, f'[{{"id": 1, "body": "{TOKEN}"}}]'.encode())))

    collected = collect(hub, server)

    assert collected.exit_code == 3
    assert "the answer repeats the token; it is not kept" in collected.problems[0]


def test_an_enterprise_server_has_its_api_below_a_path(hub: Hub, serve: Serve) -> None:
    world = World(shop(runs=3))
    server = serve(world)
    world.base = f"{server.url}/api/v3"

    collected = collect(hub, server, "--api-url", f"{server.url}/api/v3/")

    assert collected.exit_code == 0
    assert hub.rows("select repository, count(*) from raw.pipeline_jobs group by all") == [("acme/shop", 9)]
    assert all(one.path.startswith("/api/v3/") for one in server.requests)
