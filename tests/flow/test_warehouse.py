"""The DuckDB file: made, extended, shared, locked, full, and never half written."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
import time
from pathlib import Path

import duckdb
import orjson
import pytest
from hub import Hub, event, lines

from ingest import ledger, topics

TABLES = {table.name for topic in topics.all_topics().values() for table in topic.tables}
LEDGER = {table.name for table in ledger.TABLES}
_CAP_DAC_OVERRIDE, _PR_CAPBSET_DROP = 1, 24
_libc = ctypes.CDLL(None, use_errno=True)


def many(count: int, **fields: object) -> bytes:
    return lines(*(event(rule=f"rule {number}", reason="x" * 200, **fields) for number in range(count)))


def test_init_creates_the_raw_tables_of_all_topics_once(hub: Hub) -> None:
    hub.path.unlink()

    first, second = hub.run("warehouse", "init"), hub.run("warehouse", "init")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert f"{len(TABLES | LEDGER)} tables created" in first.stdout
    assert "up to date" in second.stdout
    assert {name for (name,) in hub.rows("select table_name from duckdb_tables() where schema_name = 'raw'")} == (
        TABLES | LEDGER
    )


def test_a_load_extends_an_older_warehouse_and_keeps_its_rows(hub: Hub) -> None:
    hub.load(hub.file("old.ndjson", lines(event(rule="old"))))
    hub.execute("alter table raw.policy_decisions drop column docs_uri")
    hub.execute("alter table raw.loads drop column job")
    hub.execute("drop table raw.incidents")

    hub.load(hub.file("new.ndjson", lines(event(rule="new", docs_uri="https://example.org/rule"))))

    assert hub.rows("select rule, docs_uri from raw.policy_decisions order by 1 desc") == [
        ("old", None),
        ("new", "https://example.org/rule"),
    ]
    assert hub.value("select count(*) from raw.incidents") == 0
    assert "up to date" in hub.run("warehouse", "init").stdout


def test_init_says_what_it_added(hub: Hub) -> None:
    hub.execute("alter table raw.policy_decisions drop column docs_uri")
    hub.execute("drop table raw.incidents")

    assert "1 table created, 1 column added" in hub.run("warehouse", "init").stdout


def test_a_column_that_an_older_version_does_not_know_is_left_alone(hub: Hub) -> None:
    hub.execute("alter table raw.policy_decisions add column of_the_future varchar")

    hub.load(hub.file("evidence.ndjson", lines(event())))

    assert hub.value("select of_the_future from raw.policy_decisions") is None


def test_a_column_of_another_type_exits_3_names_it_and_nothing_is_loaded(hub: Hub) -> None:
    hub.execute("alter table raw.policy_decisions alter column duration_ns type varchar")

    result = hub.run("load", hub.file("evidence.ndjson", lines(event())))

    assert result.exit_code == 3
    assert "raw.policy_decisions.duration_ns is VARCHAR" in result.stderr
    assert hub.value("select count(*) from raw.loads") == 0


def test_loaders_at_the_same_time_wait_for_each_other_and_nothing_is_lost_or_doubled(hub: Hub) -> None:
    hub.path.unlink()
    shared = hub.file("shared.ndjson", many(50))
    own = [hub.file(f"own{number}.ndjson", many(50, subject=f"image {number}")) for number in range(3)]

    loaders = [hub.start("load", shared, path, "--json") for path in own]
    outputs = [loader.communicate(timeout=120) for loader in loaders]

    assert [loader.returncode for loader in loaders] == [0, 0, 0], outputs
    reports = [orjson.loads(line) for stdout, _ in outputs for line in stdout.splitlines()]
    assert sorted(report["status"] for report in reports) == ["duplicate"] * 2 + ["loaded"] * 4
    assert hub.rows("select count(*), count(distinct policy_decision_id) from raw.policy_decisions") == [(200, 200)]
    assert hub.rows("select count(*), count(distinct committed_at) from raw.loads") == [(4, 4)]


def test_a_file_that_another_process_is_just_creating_is_waited_for(hub: Hub, new_warehouse: Path) -> None:
    hub.path.write_bytes(b"")
    loader = hub.start("load", hub.file("evidence.ndjson", lines(event())))
    assert loader.stderr is not None
    assert b"waiting" in loader.stderr.readline()

    created = hub.path.with_suffix(".created")
    shutil.copy(new_warehouse, created)
    created.replace(hub.path)

    assert loader.wait(timeout=60) == 0
    assert hub.value("select count(*) from raw.policy_decisions") == 1


def test_an_empty_file_is_no_warehouse_for_ever(hub: Hub) -> None:
    hub.path.write_bytes(b"")

    result = hub.run("load", hub.file("evidence.ndjson", lines(event())))

    assert result.exit_code == 3
    assert "not a valid DuckDB database file" in result.stderr


def test_a_locked_warehouse_is_waited_for(hub: Hub, locked: subprocess.Popen[bytes]) -> None:
    waiting = hub.start("load", hub.file("evidence.ndjson", lines(event())), "--lock-timeout", "60")
    assert waiting.stderr is not None
    assert b"locked; waiting" in waiting.stderr.readline()

    locked.communicate()

    assert waiting.wait(timeout=60) == 0
    assert hub.value("select count(*) from raw.policy_decisions") == 1


@pytest.mark.parametrize("command", ["load {file}", "status", "rejects", "show abc", "warehouse init", "reload --all"])
def test_a_warehouse_that_stays_locked_exits_3_in_time_and_says_what_to_do(
    hub: Hub, locked: subprocess.Popen[bytes], command: str
) -> None:
    file = hub.file("evidence.ndjson", lines(event()))
    began = time.monotonic()

    result = hub.run(*command.format(file=file).split(), "--lock-timeout", "0.5")

    assert (result.exit_code, "--lock-timeout" in result.stderr) == (3, True)
    assert time.monotonic() - began < 20


def obey_permissions() -> None:
    """Take from root what lets it write everywhere."""
    if os.getuid() == 0 and _libc.prctl(_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot give up CAP_DAC_OVERRIDE")


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_that_cannot_be_written_exits_3(hub: Hub, is_there: bool) -> None:
    path = hub.file("evidence.ndjson", lines(event()))
    if is_there:
        hub.path.chmod(0o444)
    else:
        hub.path.unlink()
    hub.path.parent.chmod(0o555)

    result = hub.finish("load", path, preexec_fn=obey_permissions)
    hub.path.parent.chmod(0o755)

    assert result.returncode == 3, result.stderr
    assert str(hub.path).encode() in result.stderr
    assert b"Permission denied" in result.stderr


@pytest.mark.parametrize("limit", [200_000, 1_000_000])
def test_a_full_disk_exits_3_the_warehouse_still_opens_and_a_second_try_loads_everything(hub: Hub, limit: int) -> None:
    hub.load(hub.file("before.ndjson", lines(event(rule="before"))))
    path = hub.file("evidence.ndjson", b"".join(many(2000, subject=str(number)) for number in range(10)))
    size = hub.path.stat().st_size

    def only_so_much() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + limit, size + limit))

    full = hub.finish("load", path, preexec_fn=only_so_much)

    assert full.returncode == 3, full.stderr
    assert hub.rows("select rule from raw.policy_decisions") == [("before",)]
    [report] = hub.load(path)
    assert (report["status"], report["loaded"]) == ("loaded", 20_000)
    assert hub.value("select count(*) from raw.policy_decisions") == 20_001


def test_the_commit_clock_never_stands_still_even_if_the_machines_clock_went_back(hub: Hub) -> None:
    hub.load(hub.file("a.ndjson", lines(event())))
    hub.execute("update raw.loads set committed_at = timestamp '2990-01-01'")

    hub.load(hub.file("b.ndjson", lines(event(decision="deny"))))

    assert hub.value("select max(committed_at) from raw.loads") > hub.value("select min(committed_at) from raw.loads")


def test_a_load_that_fails_in_the_middle_leaves_no_row(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest.warehouse.duckdb import DuckDBLoad

    def broken(*_: object) -> None:
        raise duckdb.IOException("no space left on device")

    monkeypatch.setattr(DuckDBLoad, "commit", broken)
    path = hub.file("evidence.ndjson", lines(event(), b"broken"))

    assert hub.run("load", path).exit_code == 3
    monkeypatch.undo()

    assert [hub.value(f"select count(*) from raw.{name}") for name in ("policy_decisions", "rejects", "loads")] == [
        0
    ] * 3
    assert hub.load(path, exit_code=1)[0]["status"] == "loaded"


@pytest.mark.parametrize("schema", ["raw", "marts"])
def test_a_file_that_is_called_like_a_schema_is_refused_before_it_is_created(hub: Hub, schema: str) -> None:
    path = hub.folder / f"{schema.upper()}.duckdb"

    result = hub.run("warehouse", "init", "--warehouse", f"duckdb:///{path}")

    assert result.exit_code == 3
    assert "call the file something else, such as ci_intel.duckdb" in result.output
    assert not path.exists()
