"""What a person sees: a bar while it goes on, lines for what matters, and a sum at the end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from collecting import arguments
from hub import PROJECT, Hub
from replay import TOKEN, Response, Server, World, once, shop

Serve = Callable[[object], Server]


def test_on_a_terminal_a_bar_shows_how_far_it_has_come(hub: Hub, serve: Serve) -> None:
    server = serve(World(shop(runs=3)))
    server.faults.append(once("/jobs", Response(429, b"", {"Retry-After": "2"})))
    ours, theirs = os.openpty()
    environment = {**os.environ, **hub.environment, "PYTHONPATH": str(PROJECT), "TERM": "xterm", "COLUMNS": "120"}

    process = subprocess.Popen(
        hub.command(*arguments(server)), env=environment, stdout=subprocess.PIPE, stderr=theirs, text=True
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            block = os.read(ours, 4096)
        except OSError:
            break
        if not block:
            break
        seen += block
    stdout, _ = process.communicate(timeout=120)

    assert process.returncode == 0
    # A bar moves the cursor; lines alone do not.
    assert b"\x1b[" in seen
    assert b"acme/shop" in seen
    assert b"rate limit (429): waiting 2 s" in seen
    assert stdout.startswith("acme/shop: 3 runs, 3 attempts, 9 jobs")
    assert TOKEN.encode() not in seen


def test_without_a_terminal_there_are_lines_and_a_sum_with_the_requests(hub: Hub, serve: Serve) -> None:
    server = serve(World(shop(runs=3)))

    result = hub.run(*arguments(server))

    assert result.exit_code == 0
    last = result.stdout.splitlines()[-1]
    assert last.startswith("1 repository; ")
    assert f"{len(server.requests)} requests (0 unchanged, 0 repeated, " in last
    assert "\x1b" not in result.output


def test_one_of_a_thing_is_called_so(hub: Hub, serve: Serve) -> None:
    server = serve(World(shop(runs=1)))

    result = hub.run(*arguments(server))

    assert "acme/shop: 1 run, " in result.stdout
    assert " 1 runs" not in result.stdout


def test_a_repository_that_is_not_there_is_not_said_to_have_nothing_new(hub: Hub, serve: Serve) -> None:
    result = hub.run(*arguments(serve(World(shop(runs=1))), repository="acme/shpo"))

    assert (result.exit_code, result.stdout.splitlines()[0]) == (3, "acme/shpo: nothing collected")


@pytest.mark.parametrize(("provider", "owner"), [("github", "--org NAME"), ("gitlab", "--group NAME")])
def test_what_can_be_collected_is_named_by_its_options(hub: Hub, provider: str, owner: str) -> None:
    result = hub.run("collect", provider)

    assert (result.exit_code, f"--repository OWNER/NAME, or {owner}" in " ".join(result.stderr.split())) == (2, True)


def test_an_api_that_does_not_answer_is_perhaps_elsewhere_and_no_persons(
    hub: Hub, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    from collect import client

    monkeypatch.setattr(client, "_FIRST_PAUSE", 0.0)
    server = serve(World(shop(runs=1)))
    nowhere = "http://127.0.0.1:9"

    result = hub.run(*arguments(server, "--org", "acme", "--api-url", nowhere, repository=None))

    assert result.exit_code == 3
    assert "no answer from 127.0.0.1:9" in result.stderr
    assert "say with --api-url where the API is" in result.stderr
    assert "repositories of a person" not in result.stderr


def test_without_its_package_the_command_says_what_to_install(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "collect.github", None)
    monkeypatch.delattr("collect.github", raising=False)

    result = hub.run("collect", "github", "--repository", "acme/shop")

    assert result.exit_code == 3
    assert "pip install 'ci-intelligence-hub[collect]'" in result.output


def test_loading_a_file_imports_nothing_of_collecting(hub: Hub) -> None:
    code = (
        "import sys; sys.argv = ['ci-intel', 'topics']\n"
        "from ci_intel.cli import cli\n"
        "try: cli()\n"
        "except SystemExit: pass\n"
        "import ci_intel.commands.load\n"
        "print({'httpx', 'collect'} & {*sys.modules} or 'none')"
    )

    printed = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)

    assert printed.stdout.splitlines()[-1] == "none"
