"""0 good, 1 the evidence is bad, 2 wrong usage, 3 no answer; 3 beats 1 beats 0."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from hub import PROJECT, Hub, event, lines

from ci_intel.cli import COMMANDS, cli

GOOD = lines(event())
BAD = lines(event(decision="deny"), b"broken", b"broken too")


def test_good_evidence_and_evidence_that_is_there_already_exit_0(hub: Hub) -> None:
    path = hub.file("good.ndjson", GOOD)

    assert [hub.run("load", path).exit_code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize(("allowed", "exit_code"), [("0", 1), ("1", 1), ("2", 0), ("3", 0)])
def test_rejects_are_bad_above_what_is_put_up_with(hub: Hub, allowed: str, exit_code: int) -> None:
    assert hub.run("load", hub.file("bad.ndjson", BAD), "--max-rejected", allowed).exit_code == exit_code


def test_a_duplicate_of_a_load_with_rejects_is_no_longer_bad_and_says_that_there_were_some(hub: Hub) -> None:
    path = hub.file("bad.ndjson", BAD)

    first, again = (hub.run("load", path) for _ in range(2))

    assert (first.exit_code, again.exit_code) == (1, 0)
    assert "2 of them were rejected then, and still are: `ci-intel rejects " in again.stderr
    assert "once the cause is gone `ci-intel reload --rejected` reads them again" in again.stderr


def test_an_empty_folder_is_bad_evidence_like_a_pattern_that_matches_nothing(hub: Hub) -> None:
    folder = hub.file("reports/.gitkeep", b"").parent

    for command in ("load", "validate"):
        result = hub.run(command, folder)
        assert (result.exit_code, result.stderr) == (1, f"{folder}: no file is in this folder [empty]\n")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("load",), id="no path"),
        pytest.param(("load", "x", "--max-rejected", "-1"), id="a negative number"),
        pytest.param(("load", "x", "--format", "no_such"), id="an unknown format"),
        pytest.param(("load", "x", "--commit", "abc"), id="a short commit"),
        pytest.param(("load", "x", "--repository", "shop"), id="a repository without its owner"),
        pytest.param(("load", "x", "--warehouse", "postgres://host/db"), id="an unknown warehouse"),
        pytest.param(("load", "x", "--warehouse", "duckdb:///"), id="a warehouse without a path"),
        pytest.param(("load", "x", "--max-depth", "0"), id="no depth at all"),
        pytest.param(("load", "x", "--max-depth", "100000"), id="deeper than parsers go"),
        pytest.param(("no-such-command",), id="an unknown command"),
        pytest.param(("reload",), id="a reload of nothing"),
        pytest.param(("topics", "no_such"), id="an unknown contract"),
    ],
)
def test_wrong_usage_exits_2_and_writes_nothing(hub: Hub, arguments: tuple[str, ...]) -> None:
    assert hub.run(*arguments).exit_code == 2
    assert hub.value("select count(*) from raw.refusals") == 0


@pytest.mark.parametrize("command", ["status", "rejects", "show abc", "load {file}", "warehouse init", "reload --all"])
def test_a_warehouse_that_is_none_exits_3_and_is_left_as_it_is(hub: Hub, command: str) -> None:
    hub.path.write_bytes(b"this is no warehouse" * 1000)
    file = hub.file("good.ndjson", GOOD)

    result = hub.run(*command.format(file=file).split())

    assert result.exit_code == 3
    assert str(hub.path) in result.stderr
    assert hub.path.read_bytes() == b"this is no warehouse" * 1000


@pytest.mark.parametrize("command", ["status", "rejects", "show abc"])
def test_reading_where_nothing_was_ever_loaded_exits_3_and_says_what_to_do(hub: Hub, command: str) -> None:
    hub.path.unlink()

    result = hub.run(*command.split())

    assert (result.exit_code, "`ci-intel load`" in result.stderr) == (3, True)
    assert not hub.path.exists()


def test_no_answer_beats_bad_evidence_and_the_rest_is_loaded(hub: Hub) -> None:
    bad, good = hub.file("in/bad.ndjson", BAD), hub.file("in/good.ndjson", GOOD)
    archive = hub.file("archive/aside", b"")  # a file where a folder should be

    result = hub.run("load", bad, good, "--archive", archive.parent)

    assert result.exit_code == 3
    assert "--no-archive" in result.stderr
    assert hub.value("select count(*) from raw.loads") == 0


def test_bad_evidence_beats_good(hub: Hub) -> None:
    bad, good = hub.file("bad.ndjson", BAD), hub.file("good.ndjson", GOOD)

    assert hub.run("load", good, bad, good).exit_code == 1
    assert hub.value("select count(*) from raw.loads") == 2


def test_without_a_configured_warehouse_if_configured_skips_and_succeeds(hub: Hub) -> None:
    path = hub.file("good.ndjson", GOOD)
    nowhere = {"CI_INTEL_WAREHOUSE": ""}

    skipped = hub.run("load", path, "--if-configured", env=nowhere)
    loaded = hub.run("load", path, "--if-configured")

    assert (skipped.exit_code, skipped.stdout) == (0, "")
    assert "nothing loaded" in skipped.stderr
    assert loaded.stdout.startswith("loaded")


def test_the_default_warehouse_is_beside_where_one_stands(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    path = hub.file("good.ndjson", GOOD)
    monkeypatch.chdir(hub.folder)

    assert hub.run("load", path, env={"CI_INTEL_WAREHOUSE": ""}).exit_code == 0
    assert (hub.folder / "warehouse/ci_intel.duckdb").exists()


def test_an_error_of_our_own_is_one_line_without_debug_and_a_traceback_with_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("ingest.load._reading_of", broken)
    path = hub.file("good.ndjson", GOOD)

    quiet = hub.run("load", path)

    assert quiet.exit_code == 3
    assert "this should not happen: RuntimeError: a bug" in quiet.stderr
    loud = CliRunner().invoke(cli, ["--debug", "load", str(path)], env=hub.environment)
    assert isinstance(loud.exception, RuntimeError)


def test_the_help_of_every_command_is_there(hub: Hub) -> None:
    for name in COMMANDS:
        assert (PROJECT / f"ci_intel/commands/{name}.py").is_file(), f"ci_intel/commands/{name}.py is not written yet"
        assert hub.run(name, "--help").exit_code == 0
