"""The dialect macros and the rules of docs/googlesql.md: rendered for each engine, run on each, one answer."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest
import yaml
from google.api_core.exceptions import BadRequest
from small_bigquery import PROJECT_FOLDER, SmallBigQuery

pytestmark = pytest.mark.googlesql

AT = "cast('2026-02-01 23:59:59.999999' as timestamp)"
NEXT = "cast('2026-02-02 00:00:00' as timestamp)"
SUNDAY = "cast('2026-02-01' as date)"


def over(values: str, expression: str) -> str:
    """Write an aggregate over some values of a column x."""
    rows = " union all ".join(f"select {value} as x" for value in values.split())
    return f"(select {expression} from ({rows}) as some_values)"


def quoted(text: str) -> str:
    """Write a text as a literal, inside of a string of Jinja."""
    return f"\"'{text}'\""


def place_of_null(order: str) -> str:
    """Write the place that null gets among other values."""
    places = over("2 null 1", f"max(place) from (select x, row_number() over (order by {order}) as place")
    return places.removesuffix(")") + ") as places where x is null)"


CASES: Mapping[str, tuple[str, Any]] = {
    # Numbers
    "integers_divide_into_a_double": ("7 / 2", 3.5),
    "a_ratio_of_nothing_is_null": ("{{ safe_ratio('1', '0') }}", None),
    "a_ratio_of_counts": ("{{ safe_ratio('1', '4') }}", 0.25),
    "half_is_rounded_away_from_zero": ("round(2.5e0)", 3.0),
    "also_below_zero": ("round(-2.5e0)", -3.0),
    "what_is_cast_to_an_integer_was_rounded_before": ("cast(round(2.5e0) as {{ dbt.type_bigint() }})", 3),
    "rounded_up": ("{{ minutes('61000') }}", "2"),
    "whole_minutes_stay": ("{{ minutes('120000') }}", "2"),
    "one_if_it_holds": ("{{ one_if('1 < 2') }}", 1),
    "none_if_it_is_unknown": ("{{ one_if('1 < cast(null as ' ~ dbt.type_bigint() ~ ')') }}", 0),
    "a_double_keeps_its_64_bits": (
        "cast('0.1' as {{ type_double() }}) + cast('0.2' as {{ type_double() }})",
        0.1 + 0.2,
    ),
    "wilson_lower_of_nothing": ("{{ wilson_lower('0', '0') }}", None),
    "wilson_lower_of_one_in_one": ("round({{ wilson_lower('1', '1') }}, 6)", 0.206549),
    "wilson_upper_of_none_in_ten": ("round({{ wilson_upper('0', '10') }}, 6)", 0.277533),
    # Percentiles
    "a_percentile_lies_between_its_neighbours": (over("1 2 3 4", "{{ percentile('x', 0.5) }}"), 2.5),
    "nulls_are_not_counted": (over("10 null 20 null", "{{ percentile('x', 0.5) }}"), 15.0),
    "a_high_percentile": (over("5 1 3 2 4", "{{ percentile('x', 0.9) }}"), 4.6),
    "one_value_is_every_percentile": (over("7", "{{ percentile('x', 0.95) }}"), 7.0),
    "no_value_has_no_percentile": (
        over("x", "{{ percentile('x', 0.5) }}").replace("select x as", "select cast(null as int64) as"),
        None,
    ),
    # Moments and days
    "the_week_of_a_sunday_began_on_monday": (f'{{{{ week_of("{SUNDAY}") }}}}', date(2026, 1, 26)),
    "the_week_of_a_moment": (f'{{{{ week_of("{NEXT}") }}}}', date(2026, 2, 2)),
    "a_date_some_days_later": (f'{{{{ date_plus("{SUNDAY}", 28) }}}}', date(2026, 3, 1)),
    "a_date_some_days_earlier": (f'{{{{ date_plus("{SUNDAY}", -32) }}}}', date(2025, 12, 31)),
    "a_moment_a_day_later": (f'{{{{ moment_plus("{AT}", 1, "day") }}}}', datetime(2026, 2, 2, 23, 59, 59, 999999)),
    "a_moment_an_hour_earlier": (f'{{{{ moment_plus("{NEXT}", -1, "hour") }}}}', datetime(2026, 2, 1, 23)),
    "a_moved_moment_compares_with_moments": (f'{{{{ moment_plus("{AT}", 1, "hour") }}}} > {NEXT}', True),
    "the_day_of_a_moment_is_its_day_in_utc": (f"cast({AT} as date)", date(2026, 2, 1)),
    "days_between_count_midnights": (f'{{{{ dbt.datediff("{AT}", "{NEXT}", "day") }}}}', 1),
    "seconds_between_moments": (f'{{{{ dbt.datediff("{NEXT}", "{AT}", "second") }}}}', -1),
    "milliseconds_between_moments": (f'{{{{ dbt.datediff("{AT}", "{NEXT}", "millisecond") }}}}', 1),
    "a_moment_survives_being_text": (f"cast(cast({AT} as {{{{ dbt.type_string() }}}}) as timestamp) = {AT}", True),
    "the_clock_can_be_pinned": ("{{ as_of() }}", datetime(2026, 2, 10, 12)),
    "each_day_of_a_span": (
        "(select count(*) from ({{ each_day('spans', 'first', 'last') }}) as span_days)",
        3,
    ),
    # Nulls
    "not_in_a_list_with_null_is_unknown": ("2 not in (1, null)", None),
    "distinct_values_leave_out_null": (over("1 1 null", "count(distinct x)"), 1),
    "a_sum_of_nothing_is_null": (over("1", "sum(case when x > 1 then x end)"), None),
    "text_joined_to_null_is_null": ("'a' || cast(null as {{ dbt.type_string() }})", None),
    "a_value_is_distinct_from_null": ("1 is distinct from null", True),
    "nulls_come_first_where_values_rise": (place_of_null("x"), 1),
    "nulls_come_last_where_values_fall": (place_of_null("x desc"), 3),
    # Texts
    "text_compares_by_its_bytes": ("'Z' < 'a' and 'z' < 'ä'", True),
    "length_counts_characters": ("length('naïve')", 5),
    "the_fleet_is_simulated": ("{{ is_simulated(\"'simulated/shop'\") }}", True),
    "no_repository_is_not_simulated": ("{{ is_simulated('cast(null as ' ~ dbt.type_string() ~ ')') }}", False),
    "percent_of_a_ratio": ("{{ readable('0.1234e0', \"'ratio'\") }}", "12.3 %"),
    "whole_percent": ("{{ readable('0.5e0', \"'ratio'\") }}", "50 %"),
    "less_than_one_percent": ("{{ readable('0.0025e0', \"'ratio'\") }}", "0.25 %"),
    "seconds": ("{{ readable('1500e0', \"'ms'\") }}", "1.5 s"),
    "minutes": ("{{ readable('90000e0', \"'ms'\") }}", "1.5 min"),
    "hours": ("{{ readable('7200000e0', \"'ms'\") }}", "2 h"),
    "days": ("{{ readable('259200000e0', \"'ms'\") }}", "3 days"),
    "a_count": ("{{ readable('12e0', \"'count'\") }}", "12"),
    "another_unit": ("{{ readable('1.25e0', \"'deployments a day'\") }}", "1.3 deployments a day"),
    # Names
    "an_image_without_tag": (f"{{{{ image_name({quoted('ghcr.io/acme/shop:1.2')}) }}}}", "ghcr.io/acme/shop"),
    "an_image_without_digest": (
        f"{{{{ image_name({quoted('docker.io/library/alpine:3@sha256:' + 'a' * 64)}) }}}}",
        "alpine",
    ),
    "a_port_is_no_tag": (f"{{{{ image_name({quoted('localhost:5000/shop')}) }}}}", "localhost:5000/shop"),
    "a_package_without_version": (
        f"{{{{ purl_without_version({quoted('pkg:npm/%40acme/ui@1.2?os=linux#lib')}) }}}}",
        "pkg:npm/%40acme/ui",
    ),
    "the_version_of_a_package": (f"{{{{ purl_version({quoted('pkg:npm/ui@1.2?os=linux')}) }}}}", "1.2"),
    "no_version": (f"{{{{ purl_version({quoted('pkg:npm/ui')}) }}}}", None),
    "the_image_of_a_package": (
        f"{{{{ purl_image_name({quoted('pkg:oci/shop@sha256:00?repository_url=ghcr.io%2Facme%2Fshop')}) }}}}",
        "ghcr.io/acme/shop",
    ),
    "a_package_that_is_no_image": (f"{{{{ purl_image_name({quoted('pkg:npm/ui@1.2')}) }}}}", None),
}
# Rows that a case may read, by the name that it uses.
WITH = "with spans as (select 'a' as name, cast('2026-02-27' as date) as first, cast('2026-03-01' as date) as last) "


@pytest.fixture(scope="module")
def renderings(prepared: SmallBigQuery, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The SQL of each case, as dbt renders it for each engine."""
    project = tmp_path_factory.mktemp("cases")
    (project / "models").mkdir()
    shutil.copytree(PROJECT_FOLDER / "macros", project / "macros")
    (project / "dbt_project.yml").write_text(
        "name: cases\nprofile: ci_intelligence_hub\nvars: {as_of: '2026-02-10 12:00:00'}\n"
    )
    for name, (expression, _) in CASES.items():
        (project / "models" / f"{name}.sql").write_text(f"{WITH} select {expression} as answer")
    prepared.dbt("compile", project=project, target=project / "bigquery")
    arguments = ["--project-dir", project, "--profiles-dir", PROJECT_FOLDER, "--target-path", project / "duckdb"]
    subprocess.run(
        ["dbt", "--quiet", "compile", *arguments, "--log-path", project],
        check=True,
        timeout=120,
        env={**os.environ, "CI_INTEL_WAREHOUSE": f"duckdb:///{project}/cases.duckdb"},
    )
    return {
        engine: {path.stem: path.read_text() for path in (project / engine / "compiled").rglob("*.sql")}
        for engine in ("bigquery", "duckdb")
    }


@pytest.mark.parametrize("case", CASES)
def test_both_engines_give_the_same_answer(
    prepared: SmallBigQuery, renderings: dict[str, dict[str, str]], case: str
) -> None:
    expected = CASES[case][1]

    [(on_googlesql,)] = prepared.run(renderings["bigquery"][case])
    with duckdb.connect() as connection:
        for setting, value in _duckdb_settings().items():
            connection.execute(f"set {setting} = '{value}'")
        [[on_duckdb]] = connection.execute(renderings["duckdb"][case]).fetchall()

    assert _plain(on_googlesql) == _near(expected)
    assert _plain(on_duckdb) == _near(expected)


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("select 9223372036854775807 + x from (select 1 as x)", id="an integer too large"),
        pytest.param("select cast('one' as int64)", id="a word as a number"),
    ],
)
def test_both_engines_refuse_the_same_values(prepared: SmallBigQuery, sql: str) -> None:
    with pytest.raises(BadRequest):
        prepared.run(sql)
    with pytest.raises(duckdb.Error):
        duckdb.sql(sql).fetchall()


def test_what_regular_expressions_replace_is_bound_to_an_end() -> None:
    # BigQuery replaces every match, DuckDB the first: only a pattern with one match means the same.
    calls = [
        pattern
        for folder in ("macros", "models")
        for path in (PROJECT_FOLDER / folder).rglob("*.sql")
        for pattern in re.findall(r"'([^']*)', ''", path.read_text())
        if "regexp_replace" in path.read_text()
    ]

    assert len(calls) > 5
    assert [pattern for pattern in calls if not pattern.startswith("^") and not pattern.endswith("$")] == []


def _duckdb_settings() -> Mapping[str, str]:
    profiles = yaml.safe_load((PROJECT_FOLDER / "profiles.yml").read_text())
    settings: Mapping[str, str] = profiles["ci_intelligence_hub"]["outputs"]["dev"]["settings"]
    return settings


def _plain(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def _near(value: Any) -> Any:
    return pytest.approx(value, rel=1e-12) if isinstance(value, float) else value
