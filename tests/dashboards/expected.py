"""
What a chart has to show, by SQL of our own.

Written from the YAML alone, and from nothing that makes the bundle: if a chart's query were derived wrongly, or
Superset computed something else, both would not be wrong in the same way.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import yaml

ASSETS = Path(__file__).parents[2] / "dashboards" / "assets"
GRAINS = {"P1D": "day", "P1W": "week", "P1M": "month", "P3M": "quarter", "P1Y": "year"}
ROW_LIMIT = 10_000

Row = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """A chart as git has it, with the metrics of its dataset."""

    name: str
    viz_type: str
    dataset: str
    params: Mapping[str, Any]
    metrics: Mapping[str, str]


def charts() -> list[Chart]:
    """Return every chart in git."""
    return [_chart(path) for path in sorted(ASSETS.glob("*/charts/*.yaml"))]


def _chart(path: Path) -> Chart:
    content = yaml.safe_load(path.read_text())
    dataset = yaml.safe_load((ASSETS / "datasets" / f"{content['dataset']}.yaml").read_text())
    metrics = {metric["metric_name"]: metric["expression"] for metric in dataset.get("metrics", ())}
    name = f"{path.parent.parent.name}/{path.stem}"
    return Chart(name, content["viz_type"], content["dataset"], content.get("params", {}), metrics)


def expected(chart: Chart, marts: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return the rows that a chart has to show, in no particular order; null is None."""
    selected, grouped = _selected(chart)
    columns = ", ".join(f'{sql} as "{name}"' for name, sql in selected.items())
    sql = f"select {columns} from marts.{chart.dataset}"
    if conditions := [_condition(each) for each in chart.params.get("adhoc_filters", ())]:
        sql += f" where {' and '.join(conditions)}"
    if grouped:
        sql += f" group by {', '.join(selected[name] for name in grouped)}"
    sql += f"{_order(chart)} limit {chart.params.get('row_limit', 100 if chart.viz_type == 'table' else ROW_LIMIT)}"
    cursor = marts.execute(sql)
    names = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return _shaped(chart, rows)


def _selected(chart: Chart) -> tuple[dict[str, str], list[str]]:
    """Return what is selected, by its name, and which of it is grouped by."""
    params = chart.params
    axis = {params["x_axis"]: _grained(params["x_axis"], params.get("time_grain_sqla"))} if "x_axis" in params else {}
    if chart.viz_type == "table" and params.get("query_mode", "raw") == "raw":
        return {name: name for name in params["all_columns"]}, []
    by = axis | {name: name for name in _listed(chart)}
    return by | {name: _metric(chart, name) for name in _metrics(chart)}, list(by)


def _listed(chart: Chart) -> list[str]:
    if chart.viz_type == "bubble_v2":
        return [name for name in (chart.params.get("series"), chart.params["entity"]) if name]
    listed = chart.params.get("groupby", [])
    return [listed] if isinstance(listed, str) else list(listed)


def _metrics(chart: Chart) -> list[str]:
    params = chart.params
    if chart.viz_type == "bubble_v2":
        named = [params["x"], params["y"], params["size"]]
    else:
        named = [*params.get("metrics", ()), *([params["metric"]] if "metric" in params else ())]
        named += [params["timeseries_limit_metric"]] if "timeseries_limit_metric" in params else []
    return list(dict.fromkeys(named))


def _metric(chart: Chart, name: str) -> str:
    return f"({chart.metrics[name]})"


def _grained(column: str, grain: str | None) -> str:
    return f"date_trunc('{GRAINS[grain]}', {column})" if grain else column


def _order(chart: Chart) -> str:
    """Return the order, where it decides which rows are shown."""
    if chart.viz_type != "table":
        return f' order by "{_metrics(chart)[0]}" desc' if "timeseries" in chart.viz_type else ""
    if chart.params.get("query_mode", "raw") == "raw":
        orders = [json.loads(order) for order in chart.params.get("order_by_cols", ())]
        ordered = ", ".join(f"{column} {'asc' if is_ascending else 'desc'}" for column, is_ascending in orders)
        return f" order by {ordered}" if ordered else ""
    first = chart.params.get("timeseries_limit_metric") or chart.params["metrics"][0]
    return f' order by "{first}" {"desc" if chart.params.get("order_desc", True) else "asc"}'


def _condition(adhoc: Mapping[str, Any]) -> str:
    column, operator, value = adhoc["subject"], adhoc["operator"], adhoc.get("comparator")
    if operator == "TEMPORAL_RANGE":
        return _in_range(column, str(value))
    if operator in ("IS TRUE", "IS FALSE", "IS NULL", "IS NOT NULL"):
        return f"{column} {operator}"
    if operator in ("IN", "NOT IN"):
        return f"{column} {operator} ({', '.join(_literal(each) for each in value)})"
    return f"{column} {'=' if operator == '==' else operator} {_literal(value)}"


def _in_range(column: str, value: str) -> str:
    if value == "No filter":
        return "true"
    if last := re.fullmatch(r"Last (\d+) days", value):
        today = datetime.now(UTC).date()
        return f"{column} >= date '{today - timedelta(days=int(last[1]))}' and {column} < date '{today}'"
    raise AssertionError(f"a range of time that no test knows: {value}")


def _literal(value: Any) -> str:
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value).lower()


def _shaped(chart: Chart, rows: list[Row]) -> list[Row]:
    """Bring rows into the shape of the picture: one row per point of the axis, one column per line."""
    if chart.viz_type == "big_number":
        # A point without a number is a gap in the trend.
        return [row for row in rows if row[chart.params["metric"]] is not None]
    by = _listed(chart)
    if "timeseries" not in chart.viz_type or not by:
        return rows
    metrics, axis = _metrics(chart), chart.params["x_axis"]
    points: dict[Any, Row] = {}
    for row in rows:
        point = points.setdefault(row[axis], {axis: row[axis]})
        for metric in metrics:
            words = [] if len(metrics) == 1 else [metric]
            point[", ".join([*words, *(_word(row[name]) for name in by)])] = row[metric]
    return list(points.values())


def _word(value: Any) -> str:
    return "<NULL>" if value is None else str(value)


def differences(wanted: Sequence[Row], shown: Sequence[Mapping[str, Any]], ignored: Sequence[str] = ()) -> list[str]:
    """Return how the rows that are shown differ from those wanted; a cell that is missing is null."""
    names = {name for row in [*wanted, *shown] for name in row} - set(ignored)
    left = sorted((_plain(row, names) for row in wanted), key=repr)
    right = sorted((_plain(row, names) for row in shown), key=repr)
    if len(left) != len(right):
        return [f"{len(right)} rows are shown, {len(left)} wanted"]
    return [f"shown {b}, wanted {a}" for a, b in zip(left, right, strict=True) if a != b]


def _plain(row: Mapping[str, Any], names: set[str]) -> list[tuple[str, Any]]:
    return [(name, _comparable(row.get(name))) for name in sorted(names)]


def _comparable(value: Any) -> Any:
    """Return a value as JSON would carry it: a moment as milliseconds, a number to twelve digits."""
    if isinstance(value, datetime):
        return _comparable((value - datetime(1970, 1, 1)) / timedelta(milliseconds=1))
    if isinstance(value, date):
        return _comparable(datetime(value.year, value.month, value.day))
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d([T ][\d:.]+)?", value):
        return _comparable(datetime.fromisoformat(value))
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        number = float(value)
        if math.isnan(number):
            return None
        # A sum of doubles may differ in its last digits; a moment is told to the millisecond.
        return number if number.is_integer() else float(round(number)) if number > 1e11 else float(f"{number:.12g}")
    return str(value)
