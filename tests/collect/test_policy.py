"""The context policy and the collector: what the API says counts where what somebody types does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from collecting import arguments, collect
from hub import COMMIT, Hub
from replay import BEGIN, Server, World, artifact, shop, zipped

Serve = Callable[[object], Server]
JUNIT = b'<testsuite name="cart"><testcase classname="cart" name="adds" time="0.1"/></testsuite>'
NO_CI = {"GITHUB_ACTIONS": "", "GITLAB_CI": ""}


def policy(hub: Hub, *accepted: str) -> Path:
    text = f"rules:\n  - repositories: ['acme/*']\n    accepts: [{', '.join(accepted)}]\n"
    return hub.file("policy.yaml", text.encode())


def world() -> World:
    repo = shop(runs=3)
    artifact(repo, 900, 1_000_000, zipped(("junit.xml", JUNIT)), made_at=BEGIN + timedelta(minutes=5), job="unit")
    return World(repo)


def counts(hub: Hub) -> dict[str, Any]:
    return dict(
        hub.rows(
            "select context_source, sum(loaded_event_count)::int || ' loaded, ' || sum(rejected_event_count)::int"
            " || ' rejected' from raw.loads group by 1"
        )
    )


def test_collected_evidence_is_accepted_where_the_same_report_is_refused_that_somebody_only_says_is_theirs(
    hub: Hub, serve: Serve
) -> None:
    strict = policy(hub, "api")
    typed = ("--repository", "acme/shop", "--commit", COMMIT)

    [report] = hub.load(hub.file("junit.xml", JUNIT), *typed, "--context-policy", strict, exit_code=1, env=NO_CI)
    collected = collect(hub, serve(world()), "--context-policy", str(strict))

    assert (report["loaded"], report["rejected"], collected.exit_code) == (0, 1, 0)
    assert collected.sum["events"]["rejected"] == 0
    assert hub.rows("select run_id, suite from raw.test_suites") == [("1000000", "cart")]
    assert hub.value("select count(*) from raw.pipeline_runs") == 3
    assert counts(hub)["flag"] == "0 loaded, 1 rejected"
    assert hub.rows("select code, pointer, message from raw.rejects") == [
        (
            "context_not_accepted",
            "/repo",
            "for acme/shop the context policy accepts only the word of api, not of flag: "
            "collect it with `ci-intel collect`",
        )
    ]
    assert "collect it with `ci-intel collect`" in hub.run("rejects").output


def test_what_a_policy_kept_out_is_collected_again_once_the_policy_is_mended(hub: Hub, serve: Serve) -> None:
    server = serve(world())
    refused = collect(hub, server, "--context-policy", str(policy(hub, "ci_environment")))
    kept_out = refused.sum["events"]["rejected"]
    assert (refused.exit_code, refused.sum["events"]["loaded"]) == (1, 0)
    assert kept_out > 3

    mended = collect(hub, server, "--again", "--context-policy", str(policy(hub, "ci_environment", "api")))
    again = collect(hub, server, "--again", "--context-policy", str(policy(hub, "ci_environment", "api")))

    assert (mended.exit_code, mended.sum["events"]["loaded"], mended.sum["events"]["rejected"]) == (0, kept_out, 0)
    assert again.sum["events"]["loaded"] == 0
    assert hub.value("select count(*) from raw.pipeline_runs") == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(b"rules: [", "policy.yaml", id="no YAML"),
        pytest.param(b"rules:\n  - {repositories: [acme/shop], accepts: [hearsay]}", "'hearsay'", id="an unknown word"),
        pytest.param(None, "cannot be read", id="no file"),
    ],
)
def test_a_policy_that_nobody_understands_lets_nothing_in_and_nothing_is_asked_for(
    hub: Hub, serve: Serve, text: bytes | None, said: str
) -> None:
    path = hub.file("policy.yaml", text) if text else hub.folder / "policy.yaml"
    server = serve(world())

    result = hub.run(*arguments(server), env={"CI_INTEL_CONTEXT_POLICY": str(path)})

    assert (result.exit_code, said in result.stderr) == (3, True), result.output
    assert server.requests == []
    assert hub.value("select count(*) from raw.loads") == 0
