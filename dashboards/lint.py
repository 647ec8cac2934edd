"""
What is wrong with the dashboards, before anybody opens them.

Superset imports a chart of a column that is gone, a tile of a chart that is nowhere, and a metric that is a second
definition of a number, without a word. Here each of them is a problem, with the file it is in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboards.assets import Assets, Chart, Dashboard, Dataset, Filter
from dashboards.bundle import SUPERSET_TYPES, files
from dashboards.expressions import read_expression
from dashboards.query_context import PICTURES, form_data, query, shown_columns, shown_metrics

Marts = Mapping[str, Mapping[str, str]]
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Problem:
    """What is wrong, and the file under `dashboards/assets` where it is."""

    path: str
    message: str


def problems(assets: Assets, marts: Marts) -> list[Problem]:
    """Return all that is wrong with the assets, held against the marts' columns and types; empty if nothing is."""
    found = list(_named_problems(assets, marts))
    # What names something that is not there cannot be bundled.
    return found or list(_unresolved(assets))


def _named_problems(assets: Assets, marts: Marts) -> Iterator[Problem]:
    for dataset in assets.datasets.values():
        yield from _in(f"datasets/{dataset.table_name}.yaml", _of_dataset(dataset, marts))
    for each in assets.filters.values():
        yield from _in("filters.yaml", _of_filter(each, assets))
    for dashboard in assets.dashboards.values():
        yield from _in(f"{dashboard.slug}/dashboard.yaml", _of_dashboard(dashboard, assets))
    for chart in assets.charts:
        yield from _in(f"{chart.dashboard}/charts/{chart.key}.yaml", _of_chart(chart, assets))


def _in(path: str, messages: Iterator[str]) -> Iterator[Problem]:
    for message in messages:
        yield Problem(path, message)


def _of_dataset(dataset: Dataset, marts: Marts) -> Iterator[str]:
    mart = marts.get(dataset.table_name)
    if mart is None:
        yield f"there is no mart {dataset.table_name}"
        return
    for column in dataset.columns:
        if column.column_name not in mart:
            yield f"the mart has no column {column.column_name}"
        elif column.type != mart[column.column_name]:
            yield f"{column.column_name} is {mart[column.column_name]} in the mart, not {column.type}"
        elif column.type not in SUPERSET_TYPES:
            yield f"{column.column_name}: Superset has no type for {column.type}"
    yield from _twice("column", [column.column_name for column in dataset.columns])
    yield from _twice("metric", [metric.metric_name for metric in dataset.metrics])
    for metric in dataset.metrics:
        reading = read_expression(metric.expression)
        if reading.fault:
            yield f"the metric {metric.metric_name} ({metric.expression}) {reading.fault}"
        for name in sorted(reading.columns - set(mart)):
            yield f"the metric {metric.metric_name} reads {name}, which the mart does not have"
        if metric.metric_name in mart:
            # Within an aggregate Superset would take the one for the other.
            yield f"the metric {metric.metric_name} has the name of a column; name it otherwise"
    if dataset.main_dttm_col is not None and mart.get(dataset.main_dttm_col) not in ("date", "timestamp"):
        yield f"main_dttm_col {dataset.main_dttm_col} is no date or moment of the mart"
    elif dataset.main_dttm_col is not None and dataset.main_dttm_col not in dataset.column_names:
        yield f"main_dttm_col {dataset.main_dttm_col} is not among the columns"


def _twice(kind: str, names: list[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"the {kind} {name} is there {count} times"


def _of_filter(each: Filter, assets: Assets) -> Iterator[str]:
    if each.column is None:
        return
    dataset = assets.datasets.get(each.dataset or "")
    if dataset is None:
        yield f"the filter {each.key} lists the values of {each.dataset}, and there is no such dataset"
        return
    if each.column not in dataset.column_names:
        yield f"the filter {each.key} is of {each.column}, which the dataset {each.dataset} does not have"
    if each.sort_metric is not None and each.sort_metric not in dataset.metric_names:
        yield f"the filter {each.key} sorts by {each.sort_metric}, which is no metric of {each.dataset}"


def _of_dashboard(dashboard: Dashboard, assets: Assets) -> Iterator[str]:
    placed = Counter(tile.chart for row in dashboard.rows for tile in row if tile.chart is not None)
    for chart in dashboard.charts:
        if placed[chart.key] != 1:
            yield f"the chart {chart.key} is placed {placed[chart.key]} times, and has to be placed once"
    for key in sorted(set(placed) - {chart.key for chart in dashboard.charts}):
        yield f"a tile is for the chart {key}, and there is no charts/{key}.yaml"
    for number, row in enumerate(dashboard.rows, start=1):
        if not 1 <= sum(tile.width for tile in row) <= 12:
            yield f"row {number} is {sum(tile.width for tile in row)} wide, and a row has 12"
        for tile in row:
            if (tile.chart is None) == (tile.markdown is None):
                yield f"row {number} has a tile that is not either a chart or text"
    for key in dashboard.filters:
        if key not in assets.filters:
            yield f"there is no filter {key} in filters.yaml"
    if not dashboard.description.endswith("?"):
        yield "the description is not the question that the dashboard answers"


def _of_chart(chart: Chart, assets: Assets) -> Iterator[str]:
    dataset = assets.datasets.get(chart.dataset)
    if dataset is None:
        yield f"there is no dataset {chart.dataset}"
        return
    if chart.viz_type not in PICTURES:
        yield f"{chart.viz_type} is none of {', '.join(sorted(PICTURES))}; a new one begins in query_context.py"
        return
    if not chart.description.strip():
        yield "the description does not say what good looks like"
    in_place = list(_written_in_place(chart.params))
    yield from in_place
    if in_place:
        return
    try:
        asked = query(chart)
    except (KeyError, TypeError, ValueError) as error:
        yield f"the params of a {chart.viz_type} lack something: {error!r}"
        return
    for column in sorted(shown_columns(chart) - dataset.column_names):
        yield f"the dataset {chart.dataset} has no column {column}"
    for metric in sorted(shown_metrics(chart) - dataset.metric_names):
        yield f"the dataset {chart.dataset} has no metric {metric}"
    shown = shown_columns(chart) | shown_metrics(chart)
    for name in sorted(_styled(form_data(chart)) - shown):
        yield f"{name} is formatted, and not shown"
    for name in sorted({name for name, _ in asked["orderby"]} - dataset.column_names - dataset.metric_names):
        yield f"it is ordered by {name}, which the dataset {chart.dataset} does not have"


def _written_in_place(params: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a chart defines itself: a metric or a filter in SQL would be a second place for a definition."""
    for key in ("metric", "metrics", "x", "y", "size", "timeseries_limit_metric", "percent_metrics"):
        named = params.get(key, [])
        if not all(isinstance(each, str) for each in (named if isinstance(named, list) else [named])):
            yield f"{key} is not the name of a metric of the dataset"
    for each in params.get("adhoc_filters", ()):
        if set(each) - {"subject", "operator", "comparator"}:
            yield f"the filter {each} is more than subject, operator and comparator"


def _styled(params: Mapping[str, Any]) -> set[str]:
    """Return the columns and metrics that a table's formats name."""
    colours = params.get("conditional_formatting", ())
    named = {each["column"] for each in colours} | {each.get("columnFormatting", each["column"]) for each in colours}
    return (named | set(params.get("column_config", {}))) - {"ENTIRE_ROW"}


def _unresolved(assets: Assets) -> Iterator[Problem]:
    """Yield the uuids of the bundle that nothing in it has: Superset drops their charts without a word."""
    content = files("duckdb:////hub.duckdb", assets)
    known = {str(each["uuid"]) for each in content.values() if "uuid" in each}
    for path, each in content.items():
        for uuid in sorted(set(_UUID.findall(str(each))) - known):
            yield Problem(path, f"nothing has the uuid {uuid}")
