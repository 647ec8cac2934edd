"""The lane can fail: what is wrong for BigQuery is refused, each for its own reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from google.api_core.exceptions import BadRequest
from small_bigquery import PROJECT_FOLDER, SmallBigQuery, faults

pytestmark = pytest.mark.googlesql

RUNS, JOBS = "`local.hub_raw.pipeline_runs` as runs", "`local.hub_raw.pipeline_jobs` as jobs"
WRONG = [
    pytest.param("select list_value(1, 2)", "Function not found: list_value", id="a function of DuckDB"),
    pytest.param("select epoch_ms(current_timestamp())", "Function not found: epoch_ms", id="another one"),
    pytest.param(f"select run_attempt = 'one' from {RUNS}", "INT64, STRING", id="a number and a word"),
    pytest.param(
        f"select started_at >= current_datetime() from {RUNS}", "TIMESTAMP, DATETIME", id="a moment and a datetime"
    ),
    pytest.param(f"select no_such_column from {RUNS}", "Unrecognized name", id="an unknown column"),
    pytest.param("select * from `local.hub_raw.no_such_table`", "Table not found", id="an unknown table"),
    pytest.param("select cast('1' as varchar)", "Type not found: varchar", id="a type of DuckDB"),
    pytest.param("select cast(1 as double)", "Type not found: double", id="another type"),
    pytest.param("select count(*) filter (where true)", "Syntax error", id="filtered aggregates"),
    pytest.param(f"select count(distinct run_id, status) from {RUNS}", "No matching signature", id="distinct tuples"),
    pytest.param("select 'a' || 1", "No matching signature", id="a number joined to a text"),
    pytest.param("select date_trunc('week', current_date())", "valid date part", id="a date part as text"),
    pytest.param(
        f"select distinct status, run_id from {RUNS} order by branch", "ORDER BY", id="an order by what is not there"
    ),
    pytest.param(
        f"select row_number() over (partition by cost_usd order by run_id) from {RUNS}",
        "FLOAT64 is not allowed",
        id="partitions of doubles",
    ),
    pytest.param(
        "select 1 as a union distinct by name select 2 as a, 3 as b", "identical column names", id="by name, with a gap"
    ),
    pytest.param(
        f"select 1 from {RUNS} left join {JOBS} on runs.started_at > jobs.started_at",
        "LEFT OUTER JOIN cannot be used without",
        id="a left join by comparing",
    ),
    pytest.param(
        f"select 1 from {RUNS} full join {JOBS} on runs.run_id = jobs.run_id or runs.commit_sha = jobs.commit_sha",
        "FULL OUTER JOIN cannot be used without",
        id="a full join by one of two",
    ),
    pytest.param(
        f"select 1 from {RUNS} where exists (select 1 from {JOBS} where jobs.started_at > runs.started_at)",
        "Correlated subqueries",
        id="exists by comparing",
    ),
    pytest.param(
        f"select (select max(jobs.run_attempt + runs.run_attempt) from {JOBS}) from {RUNS}",
        "Correlated subqueries",
        id="an aggregate of both sides",
    ),
]
RIGHT = [
    pytest.param(
        f"select 1 from {RUNS} inner join {JOBS} on runs.started_at > jobs.started_at", id="inner, by comparing"
    ),
    pytest.param(
        f"select 1 from {RUNS} left join {JOBS} on runs.run_id = jobs.run_id and runs.started_at > jobs.started_at",
        id="left, by an equality and more",
    ),
    pytest.param(
        f"select 1 from {RUNS} where exists (select 1 from {JOBS} where jobs.run_id = runs.run_id)", id="exists"
    ),
    pytest.param(f"select 1 from {RUNS} where run_id not in (select run_id from {JOBS})", id="not in, not correlated"),
]


@pytest.mark.parametrize(("sql", "reason"), WRONG)
def test_what_bigquery_refuses_is_refused(prepared: SmallBigQuery, sql: str, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        prepared.run(sql)


@pytest.mark.parametrize("sql", RIGHT)
def test_what_bigquery_takes_is_taken(prepared: SmallBigQuery, sql: str) -> None:
    assert prepared.run(sql) == []


WRONG_MODELS = {
    "calls_a_function_of_duckdb": ("select list_value(1) as answer", "Function not found: list_value"),
    "compares_a_word_with_a_number": ("select word = 1 as answer from (select 'one' as word)", "STRING, INT64"),
    "names_an_unknown_column": ("select question as answer from (select 1 as answer)", "Unrecognized name"),
    "has_not_the_type_of_its_contract": ("select cast(1 as string) as answer", "data type mismatch"),
    "is_right": ("select 1 as answer", ""),
}


def test_a_wrong_model_fails_the_build(prepared: SmallBigQuery, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    shutil.copytree(PROJECT_FOLDER / "macros", project / "macros")
    (project / "dbt_project.yml").write_text("name: wrong_models\nprofile: ci_intelligence_hub\n")
    for name, (sql, _) in WRONG_MODELS.items():
        (project / "models" / f"{name}.sql").write_text(f"{{{{ config(materialized='table') }}}}\n{sql}\n")
        (project / "models" / f"{name}.yml").write_text(
            f"models:\n  - name: {name}\n    config: {{contract: {{enforced: true}}}}\n"
            "    columns: [{name: answer, data_type: int64}]\n"
        )

    found = dict(fault.split(": ", 1) for fault in faults(prepared.dbt("run", project=project, target=tmp_path)))

    reasons = {f"model.wrong_models.{name}": reason for name, (_, reason) in WRONG_MODELS.items() if reason}
    assert found.keys() == reasons.keys()
    for name, reason in reasons.items():
        assert reason in found[name]
