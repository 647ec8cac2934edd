"""Publishing: readers see the old marts or the new ones, whole, whatever happens to who publishes."""

from __future__ import annotations

import fcntl
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hub import Hub

MARTS = """
    create schema marts;
    create table marts.repositories as select 'acme/shop' as repository, 0 as version;
    create table marts.runs as select range as run_id, 0 as version from range(20000);
    create view marts.versions as select distinct version from marts.runs;
    create table marts.data_trust as select timestamp '2026-02-03 10:00:00.5' as last_loaded_at;
    create schema staging;
    create table staging.secrets as select 1 as one;
"""


@pytest.fixture
def built(tmp_path: Path) -> Hub:
    """A hub whose marts are built: two tables that always have the same version, and a view."""
    made = Hub(tmp_path)
    made.path.parent.mkdir()
    made.execute(MARTS)
    return made


def out_of(hub: Hub) -> Path:
    return hub.folder / "published" / "dashboards.duckdb"


def publish(hub: Hub, *more: str, exit_code: int = 0) -> Any:
    result = hub.run("publish", "--out", out_of(hub), *more)
    assert result.exit_code == exit_code, result.output
    return result


def published(hub: Hub, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(out_of(hub)), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def build_version(hub: Hub, version: int) -> None:
    hub.execute(f"update marts.runs set version = {version}; update marts.repositories set version = {version}")


def files_beside(out: Path) -> set[str]:
    return {path.name for path in out.parent.iterdir()} - {f".{out.name}.lock"}


@contextmanager
def writer_of(hub: Hub) -> Iterator[None]:
    """Hold the warehouse's lock from another process, as a build does."""
    code = f"import duckdb, sys; c = duckdb.connect({str(hub.path)!r}); print('held', flush=True); sys.stdin.read()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield
    process.communicate()


def test_the_published_file_holds_the_marts_and_nothing_else_and_no_log_lies_beside_it(built: Hub) -> None:
    result = publish(built)

    tables = published(built, "select table_schema, table_name, table_type from information_schema.tables order by 2")
    assert tables == [
        ("marts", "data_trust", "BASE TABLE"),
        ("marts", "repositories", "BASE TABLE"),
        ("marts", "runs", "BASE TABLE"),
        ("marts", "versions", "BASE TABLE"),
    ]
    assert files_beside(out_of(built)) == {"dashboards.duckdb"}
    assert "4 marts, 20,003 rows" in result.output
    assert "evidence up to 2026-02-03 10:00 UTC" in result.output


def test_json_names_the_tables_their_rows_and_the_moment(built: Hub) -> None:
    report = json.loads(publish(built, "--json").stdout)

    assert report["tables"] == {"data_trust": 1, "repositories": 1, "runs": 20000, "versions": 1}
    assert report["as_of"] == "2026-02-03T10:00:00.500000"
    assert report["bytes"] == out_of(built).stat().st_size


def test_marts_that_do_not_say_when_are_published_as_of_an_unknown_moment(built: Hub) -> None:
    built.execute("drop table marts.data_trust")

    assert "an unknown moment" in publish(built).output


def test_the_warehouse_is_not_written(built: Hub) -> None:
    before = built.path.read_bytes()

    publish(built)

    assert built.path.read_bytes() == before


def test_without_a_warehouse_it_says_how_to_make_one(tmp_path: Path) -> None:
    assert "make demo" in publish(Hub(tmp_path), exit_code=1).output


def test_a_warehouse_without_marts_is_refused_and_what_was_published_stays(built: Hub) -> None:
    publish(built)
    built.execute("drop schema marts cascade")

    assert "dbt build" in publish(built, exit_code=1).output
    assert published(built, "select count(*) from marts.runs") == [(20000,)]
    assert files_beside(out_of(built)) == {"dashboards.duckdb"}


@pytest.mark.parametrize("name", ["marts.duckdb", "warehouse/hub.duckdb"])
def test_a_name_that_cannot_be_read_or_is_the_warehouse_itself_is_wrong_usage(built: Hub, name: str) -> None:
    assert built.run("publish", "--out", built.folder / name).exit_code == 2


def test_a_warehouse_in_bigquery_needs_no_publishing_and_the_command_says_what_it_needs(built: Hub) -> None:
    result = built.run("publish", "--warehouse", "bigquery://acme/hub")

    assert result.exit_code == 0
    assert "acme.hub_marts" in result.output


def test_a_build_that_holds_the_warehouse_gets_a_clear_message_after_some_waiting(built: Hub) -> None:
    with writer_of(built):
        result = publish(built, "--lock-timeout", "0.5", exit_code=3)

    assert "a build or a load is writing it" in result.output
    assert not out_of(built).exists()


def test_publishing_waits_for_a_build_that_ends_in_time(built: Hub) -> None:
    with writer_of(built):
        process = built.start("publish", "--out", out_of(built))
        time.sleep(1.5)
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 0, stderr
    assert b"waiting" in stderr


def test_one_publishes_at_a_time(built: Hub) -> None:
    publish(built)
    with out_of(built).with_name(".dashboards.duckdb.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = publish(built, "--lock-timeout", "0.3", exit_code=3)

    assert "somebody else is publishing" in result.output


@pytest.mark.parametrize("point", ["after_mart:1", "after_mart:3", "before_rename"])
def test_a_publish_that_is_killed_changes_nothing_and_the_next_one_cleans_up(built: Hub, point: str) -> None:
    publish(built)
    build_version(built, 1)

    killed = built.finish("publish", "--out", out_of(built), env={"CI_INTEL_FAULT": point})

    assert killed.returncode == -9
    assert published(built, "select distinct version from marts.runs") == [(0,)]
    assert files_beside(out_of(built)) > {"dashboards.duckdb"}
    publish(built)
    assert published(built, "select distinct version from marts.runs") == [(1,)]
    assert files_beside(out_of(built)) == {"dashboards.duckdb"}


@pytest.mark.parametrize("limit", [10_000, 40_000])
def test_a_full_disk_exits_3_and_what_was_published_stays(built: Hub, limit: int) -> None:
    publish(built)
    build_version(built, 1)

    def only_so_much() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    full = built.finish("publish", "--out", out_of(built), preexec_fn=only_so_much)

    assert full.returncode == 3, full.stderr
    assert b"is as it was" in full.stderr
    assert published(built, "select distinct version from marts.runs") == [(0,)]
    assert files_beside(out_of(built)) == {"dashboards.duckdb"}


def test_a_folder_that_may_not_be_written_is_named(built: Hub) -> None:
    blocked = built.file("blocked", b"a file, where a folder should be")

    result = built.run("publish", "--out", blocked / "dashboards.duckdb")

    assert result.exit_code == 3
    assert str(blocked) in result.output


def test_no_query_fails_or_mixes_two_builds_while_twenty_publishes_go_on(built: Hub) -> None:
    publish(built)
    failures: list[str] = []
    seen: set[int] = set()
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            try:
                [versions] = published(
                    built,
                    "select min(version), max(version), (select max(version) from marts.repositories) from marts.runs",
                )
            except duckdb.Error as error:
                failures.append(str(error))
                return
            if len(set(versions)) > 1:
                failures.append(f"mixed: {versions}")
            seen.add(versions[0])

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for version in range(1, 21):
        build_version(built, version)
        assert built.finish("publish", "--out", out_of(built)).returncode == 0
    is_over.set()
    for reader in readers:
        reader.join()

    assert failures == []
    assert len(seen) > 3
