"""
What a chart asks the warehouse, derived from what it shows.

Superset's browser builds this query itself; its API, its alerts and our checks need it stored beside the chart. One
function per kind of picture: params in, query out. A kind that is not in `PICTURES` is one that nobody has tried yet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dashboards.assets import Chart
from dashboards.colours import cell_colours

Params = Mapping[str, Any]
Query = dict[str, Any]

ROW_LIMIT = 10_000


def form_data(chart: Chart) -> dict[str, Any]:
    """Return the chart's params as Superset stores them: with the kind's defaults, and its filters written out."""
    picture = PICTURES[chart.viz_type]
    given = {**picture.defaults, **chart.params}
    filters = [{"clause": "WHERE", "expressionType": "SIMPLE", **each} for each in given.get("adhoc_filters", ())]
    if chart.viz_type == "table":
        shown = [*given.get("all_columns", ()), *given.get("groupby", ())]
        given["conditional_formatting"] = [*cell_colours(shown), *given.get("conditional_formatting", ())]
    return {**given, "adhoc_filters": filters, "viz_type": chart.viz_type, "datasource": "0__table"}


def query(chart: Chart) -> Query:
    """Return the one query of a chart: columns, metrics, filters and order."""
    params = form_data(chart)
    return {**_base(params), **PICTURES[chart.viz_type].query(params)}


def query_context(chart: Chart) -> str:
    """Return the chart's query as Superset stores it. The data source is 0 until an import writes its own id."""
    context = {
        "datasource": {"id": 0, "type": "table"},
        "force": False,
        "queries": [query(chart)],
        "form_data": {**form_data(chart), "force": False, "result_format": "json", "result_type": "full"},
        "result_format": "json",
        "result_type": "full",
    }
    return json.dumps(context, sort_keys=True, ensure_ascii=False)


def shown_columns(chart: Chart) -> set[str]:
    """Return the stored columns that a chart's query names."""
    asked = query(chart)
    columns = {column if isinstance(column, str) else column["sqlExpression"] for column in asked["columns"]}
    return columns | {each["col"] for each in asked["filters"]} | set(asked["series_columns"])


def shown_metrics(chart: Chart) -> set[str]:
    """Return the metrics that a chart's query names."""
    return set(query(chart)["metrics"] or ())


def _base(params: Params) -> Query:
    return {
        "filters": [_filter(each) for each in params["adhoc_filters"]],
        "extras": {"having": "", "where": ""},
        "applied_time_extras": {},
        "columns": [],
        "metrics": [],
        "annotation_layers": [],
        "row_limit": params.get("row_limit", ROW_LIMIT),
        "series_columns": [],
        "series_limit": 0,
        "url_params": {},
        "custom_params": {},
        "custom_form_data": {},
        "time_range": "No filter",
        "orderby": [],
        "post_processing": [],
    }


def _filter(adhoc: Params) -> Query:
    column, operator = adhoc["subject"], adhoc["operator"]
    return (
        {"col": column, "op": operator, "val": adhoc["comparator"]}
        if "comparator" in adhoc
        else {"col": column, "op": operator}
    )


def _axis(params: Params) -> Query:
    axis = {
        "columnType": "BASE_AXIS",
        "sqlExpression": params["x_axis"],
        "label": params["x_axis"],
        "expressionType": "SQL",
    }
    return {**axis, "timeGrain": params["time_grain_sqla"]} if "time_grain_sqla" in params else axis


def _grain(params: Params) -> Query:
    return {"time_grain_sqla": params.get("time_grain_sqla"), "having": "", "where": ""}


def _pivot(params: Params, metrics: Sequence[str], by: Sequence[str], *, drops_empty: bool) -> list[Query]:
    pivot = {
        "operation": "pivot",
        "options": {
            "index": [params["x_axis"]],
            "columns": list(by),
            "aggregates": {metric: {"operator": "mean"} for metric in metrics},
            "drop_missing_columns": drops_empty,
        },
    }
    return [pivot, {"operation": "flatten"}]


def _big_number(params: Params) -> Query:
    metric = params["metric"]
    return {
        "columns": [_axis(params)],
        "metrics": [metric],
        "extras": _grain(params),
        "post_processing": _pivot(params, [metric], [], drops_empty=True),
    }


def _big_number_total(params: Params) -> Query:
    return {"metrics": [params["metric"]]}


def _timeseries(params: Params) -> Query:
    metrics, by = list(params["metrics"]), list(params.get("groupby", ()))
    post = _pivot(params, metrics, by, drops_empty=False)
    if by and len(metrics) == 1:
        renamed = {"operation": "rename", "options": {"columns": {metrics[0]: None}, "level": 0, "inplace": True}}
        post.insert(1, renamed)
    return {
        "columns": [_axis(params), *by],
        "metrics": metrics,
        "series_columns": by,
        "orderby": [[metrics[0], False]],
        "extras": _grain(params),
        "post_processing": post,
    }


def _table(params: Params) -> Query:
    if params["query_mode"] == "raw":
        orders = [json.loads(order) for order in params.get("order_by_cols", ())]
        # No metrics is a list of rows; an empty list of metrics would fold equal rows into one.
        return {"columns": list(params["all_columns"]), "metrics": None, "orderby": orders}
    metrics = list(params["metrics"])
    first = params.get("timeseries_limit_metric") or metrics[0]
    return {
        "columns": list(params.get("groupby", ())),
        "metrics": metrics + ([first] if first not in metrics else []),
        "orderby": [[first, not params.get("order_desc", True)]],
    }


def _heatmap(params: Params) -> Query:
    metric = params["metric"]
    return {
        "columns": [_axis(params), params["groupby"]],
        "metrics": [metric],
        "extras": _grain(params),
        "post_processing": [{"operation": "rank", "options": {"metric": metric}}],
    }


def _bubble(params: Params) -> Query:
    series = [params["series"]] if params.get("series") else []
    return {
        "columns": [*series, params["entity"]],
        "metrics": list(dict.fromkeys([params["x"], params["y"], params["size"]])),
    }


class Picture:
    """A kind of chart: what its params are unless a chart says otherwise, and the query that they make."""

    def __init__(self, query: Callable[[Params], Query], **defaults: Any) -> None:
        self.query = query
        self.defaults = defaults


_NUMBER = {"header_font_size": 0.4, "subheader_font_size": 0.2, "subtitle_font_size": 0.2}
_SERIES = {
    "row_limit": ROW_LIMIT,
    "show_legend": True,
    "legendType": "scroll",
    "legendOrientation": "top",
    "rich_tooltip": True,
    "showTooltipTotal": False,
    "x_axis_time_format": "%d %b",
    "truncateYAxis": False,
    "truncate_metric": True,
    "color_scheme": "supersetColors",
}

# What is null stays null in each of them: a line breaks, a bar and a cell are missing.
PICTURES: Mapping[str, Picture] = {
    "big_number": Picture(
        _big_number, **_NUMBER, show_trend_line=True, start_y_axis_at_zero=False, compare_lag=4,
        compare_suffix="vs four weeks before", time_format="%d %b %Y",
    ),
    "big_number_total": Picture(_big_number_total, **_NUMBER),
    "bubble_v2": Picture(_bubble, row_limit=100, show_legend=True, legendOrientation="top", max_bubble_size="25"),
    "echarts_timeseries_bar": Picture(_timeseries, **_SERIES),
    "echarts_timeseries_line": Picture(_timeseries, **_SERIES, markerEnabled=True, markerSize=4),
    "echarts_timeseries_scatter": Picture(_timeseries, **_SERIES),
    "echarts_timeseries_smooth": Picture(_timeseries, **_SERIES),
    "heatmap_v2": Picture(
        _heatmap, row_limit=ROW_LIMIT, sort_x_axis="alpha_asc", sort_y_axis="alpha_desc", normalize_across="heatmap",
        legend_type="continuous", xscale_interval=-1, yscale_interval=-1, left_margin="auto", bottom_margin="auto",
        value_bounds=[None, None], x_axis_time_format="%d %b", show_legend=False, show_percentage=False,
        linear_color_scheme="superset_div_2",
    ),
    "table": Picture(
        _table, query_mode="raw", row_limit=100, server_pagination=False, show_cell_bars=False, include_search=False,
        table_timestamp_format="%d %b %Y", color_pn=False, allow_rearrange_columns=False,
    ),
}  # fmt: skip
