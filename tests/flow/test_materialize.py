"""How models become tables and views on DuckDB (macros/materialize.sql): in a small project of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt_project import PROJECT

NAME = "{name: small, profile: small, models: {+contract: {enforced: CONTRACT}}}"
PROFILE = "small: {target: dev, outputs: {dev: {type: duckdb, path: 'PATH', threads: 1}}}"
CONTRACT = """
models:
  - name: meals
    columns:
      - {name: dish, data_type: string}
      - {name: guest_count, data_type: int64}
"""
SLOW = (
    "select count(*) as guest_count from range(10000000) as a cross join range(10000000) as b where a.range <> b.range"
)


@dataclass(frozen=True)
class SmallProject:
    """A project of one model, `meals`, that is made as ours are."""

    folder: Path

    @property
    def path(self) -> Path:
        """The warehouse's file."""
        return self.folder / "small.duckdb"

    def write(self, sql: str, kind: str = "table", contract: str = "") -> None:
        """Write the model, and its contract if it has one."""
        (self.folder / "dbt_project.yml").write_text(NAME.replace("CONTRACT", str(bool(contract)).lower()))
        (self.folder / "profiles.yml").write_text(PROFILE.replace("PATH", str(self.path)))
        (self.folder / "models").mkdir(exist_ok=True)
        (self.folder / "models" / "meals.sql").write_text(f"{{{{ config(materialized='{kind}') }}}}\n{sql}")
        (self.folder / "models" / "meals.yml").write_text(contract or "models: []")

    @property
    def flags(self) -> list[str]:
        """What each command of dbt needs to be told."""
        folder = str(self.folder)
        return ["--quiet", "--project-dir", folder, "--profiles-dir", folder, "--log-path", folder]

    def dbt(self, command: str, *arguments: str) -> str:
        """Run one command of dbt, and return what it says of each node that went wrong."""
        target = str(self.folder / "target")
        try:
            result = dbtRunner().invoke([command, *arguments, *self.flags, "--target-path", target])
        finally:
            DuckDBConnectionManager.close_all_connections()
        assert result.result is not None, result.exception
        return "\n".join(str(each.message) for each in result.result if str(each.status) in ("error", "fail"))

    def build(self, sql: str, **options: str) -> str:
        """Write the model and build it, likewise."""
        self.write(sql, **options)
        return self.dbt("run")

    def rows(self, sql: str = "select * from meals") -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def small(tmp_path: Path) -> SmallProject:
    """A project with our materializations and no others."""
    (tmp_path / "macros").mkdir()
    shutil.copy(PROJECT / "macros" / "materialize.sql", tmp_path / "macros")
    return SmallProject(tmp_path)


def test_a_table_has_the_columns_of_its_contract_in_their_order(small: SmallProject) -> None:
    assert small.build("select cast(2 as bigint) as guest_count, 'soup' as dish", contract=CONTRACT) == ""

    assert small.rows() == [("soup", 2)]


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("select 'stew' as dish", id="a column is missing"),
        pytest.param("select 'stew' as dish, cast(3 as bigint) as guest_count, 1 as price", id="a column too many"),
        pytest.param("select 'stew' as dish, 3 as guest_count", id="a column of another type"),
        pytest.param("select 'stew' as dish, cast(3 as bigint) as guests", id="a column of another name"),
    ],
)
def test_a_table_that_breaks_its_contract_is_refused_and_the_old_one_stays(small: SmallProject, sql: str) -> None:
    small.build("select 'soup' as dish, cast(2 as bigint) as guest_count", contract=CONTRACT)

    assert "This model has an enforced contract that failed" in small.build(sql, contract=CONTRACT)

    assert small.rows() == [("soup", 2)]


def test_a_constraint_is_refused_because_tables_are_made_without(small: SmallProject) -> None:
    contract = CONTRACT.replace("data_type: int64", "data_type: int64, constraints: [{type: not_null}]")

    said = small.build("select 'soup' as dish, cast(2 as bigint) as guest_count", contract=contract)

    assert "Tables are made without constraints here" in said


def test_a_model_may_read_the_table_that_it_replaces(small: SmallProject) -> None:
    small.build("select 1 as guest_count")

    assert small.build("select guest_count + 1 as guest_count from {{ this }}") == ""

    assert small.rows() == [(2,)]


@pytest.mark.parametrize(("old", "new"), [("view", "table"), ("table", "view")])
def test_a_model_changes_between_view_and_table(small: SmallProject, old: str, new: str) -> None:
    small.build("select 1 as guest_count", kind=old)

    assert small.build("select 2 as guest_count", kind=new) == ""

    assert small.rows() == [(2,)]
    assert [kind for (kind,) in small.rows("select table_type from information_schema.tables")] == [
        {"view": "VIEW", "table": "BASE TABLE"}[new]
    ]


@pytest.mark.parametrize("old", ["view", "table"])
@pytest.mark.parametrize("new", ["view", "table"])
def test_a_model_that_cannot_be_built_leaves_what_was_there(small: SmallProject, old: str, new: str) -> None:
    small.build("select 1 as guest_count", kind=old)

    assert "no_such_table" in small.build("select * from no_such_table", kind=new)

    assert small.rows() == [(1,)]


def test_a_build_that_is_killed_leaves_the_old_table_whole_and_nothing_beside_it(small: SmallProject) -> None:
    small.build("select 1 as guest_count")
    small.write(SLOW)
    begun = small.folder / "target" / "run" / "small" / "models" / "meals.sql"
    begun.unlink()

    command = [sys.executable, "-m", "dbt.cli.main", "run", *small.flags, "--target-path", str(small.folder / "target")]
    process = subprocess.Popen(command, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    until = time.monotonic() + 60
    while not begun.exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1)
    assert process.poll() is None, process.communicate()
    process.kill()
    process.communicate()

    assert small.rows() == [(1,)]
    assert small.rows("select table_name from information_schema.tables") == [("meals",)]
    assert small.build("select 2 as guest_count") == ""
    assert small.rows() == [(2,)]


@pytest.mark.parametrize("in_one_pass", ["true", "false"])
def test_a_key_fails_where_it_repeats_and_where_a_value_is_missing(small: SmallProject, in_one_pass: str) -> None:
    shutil.copytree(PROJECT / "tests" / "dbt" / "generic", small.folder / "tests" / "generic")
    arguments = f"{{columns: [dish], never_null: [guest_count], in_one_pass: {in_one_pass}}}"
    key = CONTRACT + f"    data_tests: [{{is_key: {{arguments: {arguments}}}}}]\n"
    rows = "select dish, cast(guest_count as bigint) as guest_count from (values {}) as meals (dish, guest_count)"

    def found(values: str) -> str:
        assert small.build(rows.format(values), contract=key) == ""
        return small.dbt("test")

    assert found("('soup', 1), ('stew', 1)") == ""
    assert "Got 1 result" in found("('soup', 1), ('soup', 2), ('stew', 1)")
    assert "Got 1 result" in found("('soup', 1), (null, 1)")
    assert "Got 1 result" in found("('soup', 1), ('stew', null)")


def test_a_data_test_says_how_many_rows_failed_and_keeps_them_if_asked_to(small: SmallProject) -> None:
    small.build("select unnest([1, 2, 3]) as guest_count")
    (small.folder / "tests").mkdir()
    (small.folder / "tests" / "nobody_eats_with_others.sql").write_text(
        "select * from {{ ref('meals') }} where guest_count > 1"
    )

    assert "Got 2 results, configured to fail if != 0" in small.dbt("test")
    assert "Got 2 results" in small.dbt("test", "--store-failures")

    assert small.rows("select * from main_dbt_test__audit.nobody_eats_with_others order by 1") == [(2,), (3,)]
