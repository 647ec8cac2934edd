"""A collection that is killed, and goes on: it ends where an undisturbed one does."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from collecting import arguments, collect, state
from hub import Hub
from replay import BEGIN, TOKEN, Server, World, artifact, serving, shop, zipped

_JUNIT = b'<testsuite name="cart" tests="1"><testcase classname="cart" name="adds" time="0.1"/></testsuite>'


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of one small world, for all tests: nothing in it changes."""
    repo = shop(runs=70, every=timedelta(hours=14))
    for number, job in enumerate((None, "unit", "lint")):
        report = _JUNIT.replace(b"cart", str(job).encode())
        artifact(repo, 900 + number, 1_000_000, zipped(("reports/junit.xml", report)), made_at=BEGIN, job=job)
    with serving(World(repo)) as server:
        yield server


@pytest.fixture(scope="module")
def undisturbed(
    server: Server, new_warehouse: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], int]:
    """What a collection leaves behind that nobody killed, and how many requests it took."""
    hub = Hub(tmp_path_factory.mktemp("undisturbed"))
    hub.path.parent.mkdir()
    shutil.copy(new_warehouse, hub.path)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CI_INTEL_GITHUB_TOKEN", TOKEN)
        assert collect(hub, server).exit_code == 0
    return state(hub), len(server.requests)


def killed_and_resumed(hub: Hub, server: Server, kills: list[int]) -> int:
    """Kill the collection at these requests of its runs, one run after the other; return how often it was killed."""
    killed = 0
    for kill in kills:
        server.requests.clear()
        process = hub.start(*arguments(server, "--json"))
        server.victim, server.kills_at = process.pid, kill
        process.communicate(timeout=300)
        server.kills_at = None
        killed += process.returncode == -9
    server.requests.clear()
    assert collect(hub, server).exit_code == 0
    return killed


def test_killed_at_random_requests_and_resumed_it_equals_an_undisturbed_one(
    hub: Hub, server: Server, undisturbed: tuple[dict[str, Any], int]
) -> None:
    whole, total = undisturbed
    seed = random.SystemRandom().randrange(10**6)
    chosen = random.Random(seed)
    kills = [chosen.randint(2, total * 2 // 3), chosen.randint(2, total // 2), chosen.randint(2, total // 4)]
    print(f"seed {seed}: killed at {kills} of {total} requests")

    killed = killed_and_resumed(hub, server, kills)

    assert killed >= 1
    assert state(hub) == whole


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(8))
def test_killed_again_and_again_it_equals_an_undisturbed_one(
    hub: Hub, server: Server, undisturbed: tuple[dict[str, Any], int], seed: int
) -> None:
    chosen = random.Random(seed)

    assert killed_and_resumed(hub, server, [chosen.randint(1, 70) for _ in range(6)]) >= 1

    assert state(hub) == undisturbed[0]


@pytest.mark.parametrize("point", ["before_commit", "after_commit", "before_position", "after_position", "archiving"])
def test_killed_around_a_commit_the_position_has_not_moved_further_than_what_is_committed(
    hub: Hub, server: Server, undisturbed: tuple[dict[str, Any], int], point: str
) -> None:
    process = hub.start(*arguments(server, "--json"), env={"CI_INTEL_FAULT": f"{point}:2"})
    process.communicate(timeout=300)

    assert process.returncode == -9
    known = {int(run_id) for (run_id,) in hub.rows("select name from raw.positions where kind = 'run'")}
    committed = {int(run_id) for (run_id,) in hub.rows("select distinct run_id from raw.pipeline_runs")}
    assert known <= committed
    assert collect(hub, server).exit_code == 0
    assert state(hub) == undisturbed[0]


def test_what_is_committed_before_a_kill_is_not_asked_for_again(hub: Hub, server: Server) -> None:
    server.requests.clear()
    process = hub.start(*arguments(server, "--json"), env={"CI_INTEL_FAULT": "after_position:2"})
    process.communicate(timeout=300)
    before = len(server.asked("/jobs"))

    collect(hub, server)

    assert len(server.asked("/jobs")) == 70
    assert before in range(1, 70)
