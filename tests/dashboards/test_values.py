"""Every chart shows what the mart has."""

from __future__ import annotations

import asking
import duckdb
import pytest
from expected import Chart, charts, differences, expected
from serving import Served

pytestmark = pytest.mark.dashboards
# The place of a cell among the others, by which a heat map is coloured.
IGNORED = ("rank",)


def test_every_value_of_every_chart_is_the_marts(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, list[str]] = {}
    with asking.client(served) as client, duckdb.connect(str(served.published), read_only=True) as marts:
        numbers = asking.charts_by_name(client)
        for chart in charts():
            shown = asking.data_of(client, numbers[chart.name])
            found[chart.name] = differences(expected(chart, marts), shown["data"], IGNORED)

    wrong = {name: several[:3] for name, several in found.items() if several}
    with capsys.disabled():
        print(f"\n{len(found)} charts were compared with their marts, {len(wrong)} differ")
    assert wrong == {}
    assert set(found) == set(numbers)


def test_a_number_that_is_off_by_a_millionth_is_a_difference() -> None:
    rows = [{"week": 1, "ratio": 0.25}, {"week": 2, "ratio": None}]

    assert differences(rows, [{"week": 2}, {"week": 1, "ratio": 0.25}]) == []
    assert differences(rows, [{"week": 1, "ratio": 0.25000025}, {"week": 2}])
    assert differences(rows, [{"week": 1, "ratio": 0.25}, {"week": 2, "ratio": 0}])
    assert differences(rows, rows[:1])


def test_what_is_wanted_is_computed_from_the_marts_rows() -> None:
    chart = Chart(
        "runs/ratio_by_week",
        "echarts_timeseries_line",
        "runs",
        {
            "x_axis": "day",
            "time_grain_sqla": "P1W",
            "metrics": ["ratio"],
            "groupby": ["team"],
            "adhoc_filters": [{"subject": "is_complete", "operator": "IS TRUE"}],
        },
        {"ratio": "sum(good) / nullif(sum(all_of_them), 0)"},
    )
    with duckdb.connect() as marts:
        marts.execute(
            """
            create schema marts;
            create table marts.runs as from (values
                (date '2026-02-02', 'shop', 1, 2, true), (date '2026-02-03', 'shop', 2, 2, true),
                (date '2026-02-03', 'web', 0, 0, true), (date '2026-02-04', 'web', 9, 9, false)
            ) as rows (day, team, good, all_of_them, is_complete)
            """
        )
        [row] = expected(chart, marts)

    assert (row["shop"], row["web"]) == (0.75, None)
