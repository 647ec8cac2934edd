"""What `make lint` says of SQL that is not written as we write."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from dbt_project import PROJECT

GOOD = """-- One row per run and job.
with pipeline_runs as (

    select * from {{ ref('pipeline_runs') }}

),

pipeline_jobs as (

    select * from {{ ref('pipeline_jobs') }}

),

run_jobs as (

    select
        pipeline_runs.run_id,
        pipeline_jobs.id as job_id,
        {{ safe_ratio('pipeline_jobs.failed_count', 'pipeline_jobs.job_count') }} as failed_ratio
    from pipeline_runs
    inner join pipeline_jobs
        on pipeline_runs.run_id = pipeline_jobs.run_id
    where pipeline_runs.started_at <= {{ as_of() }}

)

select * from run_jobs
"""

RUN_ID = "        pipeline_runs.run_id,"
WRONG = {
    "keywords_in_upper_case": ("    inner join", "    INNER JOIN", "CP01"),
    "names_in_upper_case": ("as job_id", "as Job_Id", "CP02"),
    "two_spaces": (RUN_ID, "      pipeline_runs.run_id,", "LT02"),
    "commas_that_begin_lines": ("run_id,\n        pipeline", "run_id\n        , pipeline", "LT04"),
    "an_alias_without_as": ("pipeline_jobs.id as job_id", "pipeline_jobs.id job_id", "AL02"),
    "a_join_of_no_kind": ("inner join", "join", "AM05"),
    "an_unqualified_column_where_two_tables_meet": (RUN_ID, "        run_id,", "RF02"),
    "a_letter_for_a_table": ("from pipeline_runs\n", "from pipeline_runs as r\n", "AL06"),
    "rows_that_nothing_reads": ("select * from run_jobs", "select * from pipeline_runs", "ST03"),
}


@pytest.fixture(scope="module")
def broken_rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The rules that each file breaks, found in another process: sqlfluff's stand-in would replace dbt in this one."""
    folder = tmp_path_factory.mktemp("sql")
    (folder / "good.sql").write_text(GOOD)
    for name, (good, bad, _) in WRONG.items():
        assert good in GOOD
        (folder / f"{name}.sql").write_text(GOOD.replace(good, bad, 1))
    command = ["sqlfluff", "lint", "--config", ".sqlfluff", "--processes", "1", "--format", "json", str(folder)]
    result = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert result.returncode == 1, result.stderr
    return {
        Path(each["filepath"]).stem: {violation["code"] for violation in each["violations"]}
        for each in json.loads(result.stdout)
    }


def test_sql_as_we_write_it_passes(broken_rules: dict[str, set[str]]) -> None:
    assert broken_rules["good"] == set()


@pytest.mark.parametrize("name", WRONG)
def test_sql_written_in_another_way_fails(broken_rules: dict[str, set[str]], name: str) -> None:
    assert WRONG[name][2] in broken_rules[name]
