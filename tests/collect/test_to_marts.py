"""The walk of docs/collect.md: its own commands, from a token and an organisation's name to the week's scorecard."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import walk
from dbt_project import run_dbt_on
from hub import PROJECT, Hub
from replay import TOKEN, Repo, Server, World, artifact, deployed, merged, run, shop, zipped

PAGE = (PROJECT / "docs" / "collect.md").read_text()
WALK = PAGE.partition("## Your organisation in 15 minutes")[2].partition("## ")[0]
DAY = timedelta(days=1)


def organisation(today: datetime) -> World:
    """Two repositories at work for a fortnight, one that sleeps, and a run that also spoke for itself."""
    shops = shop(runs=60, begin=today - 13 * DAY, every=timedelta(hours=5))
    tills = shop(runs=20, name="acme/till", repo_id=2, begin=today - 12 * DAY, every=timedelta(hours=13))
    for repo in (shops, tills):
        repo.pushed_at = f"{today:%Y-%m-%dT%H:%M:%SZ}"
    emitted = {
        "schema": "pipeline_run.v1.3",
        "provider": "github",
        "repo": "acme/shop",
        "run_id": "9000001",
        "run_attempt": 1,
        "commit_sha": "b" * 40,
        "started_at": f"{today - 6 * DAY:%Y-%m-%dT%H:%M:%SZ}",
        "status": "failed",
        "tests": {"total": 120, "failed": 3, "duration_ms": 60_000},
        "cost": {"usd": 0.25},
    }
    spoke_at = today - 6 * DAY + timedelta(minutes=1)
    shops.runs.insert(0, run(shops, 9_000_001, spoke_at))
    artifact(
        shops,
        77,
        9_000_001,
        zipped(("run.json", json.dumps(emitted).encode())),
        made_at=spoke_at + timedelta(minutes=9),
    )
    merged(shops, 500, today - 6 * DAY)
    deployed(shops, 555, 9_000_001, spoke_at + timedelta(minutes=20))
    return World(shops, tills, organisation=[shops, tills, Repo("acme/attic", 3, pushed_at="2020-01-01T00:00:00Z")])


def test_a_stranger_walks_from_a_token_to_the_scorecard_with_the_commands_of_the_page(
    hub: Hub, serve: Callable[[object], Server]
) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    server = serve(organisation(today))
    server.clock_ahead = timedelta()
    commands = walk.commands(WALK)
    # The README's are those, up to the scorecard: whoever follows it walks the same way.
    assert walk.commands(walk.section("Your organisation in 15 minutes")) == commands[:4]

    printed = []
    for command in commands:
        name, *rest = shlex.split(command)
        if name == "export":
            assert rest[0].startswith("CI_INTEL_GITHUB_TOKEN=")
        elif name == "dbt":
            run_dbt_on(hub, *rest)
        else:
            assert name == "ci-intel"
            result = hub.run(*rest, env={"CI_INTEL_GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": server.url})
            assert result.exit_code == 0, result.output
            printed.append(result.output)

    assert [command.split()[:2] for command in commands] == [
        ["export", "CI_INTEL_GITHUB_TOKEN=github_pat_…"],
        ["ci-intel", "collect"],
        ["dbt", "build"],
        ["ci-intel", "scorecard"],
        ["ci-intel", "attention"],
    ]
    assert "acme: 2 repositories" in printed[0]
    assert "Runs that succeed at once" in printed[1]
    attempts = sum(one["run_attempt"] for repo in server.world.repos.values() for one in repo.runs)
    assert hub.value("select count(*) from marts.pipeline_runs") == attempts
    assert hub.value("select count(*) from marts.pipeline_jobs") == attempts * 3
    assert hub.value("select count(*) from marts.pipeline_jobs where queue_ms is null") == 0
    assert hub.value("select count(*) from marts.deployments where is_production and status = 'success'") > 0
    assert hub.value("select count(*) from marts.lead_time_stages where pickup_ms > 0 and review_ms > 0") > 0
    # What its pipeline said of a run, and what the API says, is one run: times and outcome are the provider's.
    assert hub.rows(
        "select run_status, test_count, failed_test_count, cost_usd from marts.pipeline_runs where run_id = '9000001'"
    ) == [("success", 120, 3, 0.25)]
