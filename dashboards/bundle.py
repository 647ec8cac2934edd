"""
The assets as a zip that Superset imports (`POST /api/v1/assets/import/`).

Everything that Superset wants and git should not hold is derived here: uuids from names, ids from the order, the
position of each tile from its row, the scope of each filter from the columns of the datasets, the query of each chart.
The same assets give the same bytes. The database has one uuid, be it DuckDB or BigQuery, so that a move to the other
keeps every chart.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import yaml

from ci_intel.errors import HubError
from dashboards.assets import Assets, Chart, Dashboard, Dataset, Filter, Tile, read_assets, uuid_of
from dashboards.colours import SERIES
from dashboards.query_context import form_data, query_context

DATABASE = "CI Intelligence Hub"
_FOLDER = "ci_intelligence_hub"
_VERSION = "1.0.0"
# The types that Superset knows, by those of dbt's manifest.
SUPERSET_TYPES = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}

Json = Mapping[str, Any]


class DatabaseUnknown(HubError):
    """The database is none that the dashboards can be on."""

    exit_code = 2


def bundle(database_uri: str, assets: Assets | None = None) -> bytes:
    """
    Return the zip of `assets`, by default those that the hub ships, on the database at `database_uri`.

    It is `duckdb:////absolute/path/of/hub.duckdb`, as `ci-intel publish` wrote it, or `bigquery://project/dataset`, as
    the warehouse is named: the marts are then in `<dataset>_marts`.

    Raises `DatabaseUnknown` if it is neither, and `AssetsBroken` if the assets cannot be read.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files(database_uri, assets or read_assets()).items():
            written = yaml.safe_dump(content, sort_keys=True, allow_unicode=True, width=1000)
            archive.writestr(zipfile.ZipInfo(f"bundle/{path}", (1980, 1, 1, 0, 0, 0)), written)
    return packed.getvalue()


def files(database_uri: str, assets: Assets) -> dict[str, Json]:
    """Return what the zip holds, by path."""
    database, schema = _database(database_uri)
    content: dict[str, Json] = {
        "metadata.yaml": {"version": _VERSION, "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"},
        f"databases/{_FOLDER}.yaml": database,
    }
    for dataset in assets.datasets.values():
        content[f"datasets/{_FOLDER}/{dataset.table_name}.yaml"] = _dataset(dataset, schema)
    for chart in assets.charts:
        content[f"charts/{chart.dashboard}__{chart.key}.yaml"] = _chart(chart, assets)
    for dashboard in assets.dashboards.values():
        content[f"dashboards/{dashboard.slug}.yaml"] = _dashboard(dashboard, assets)
    return content


def _database(uri: str) -> tuple[Json, str]:
    """Return Superset's entry of the database, and the schema that its marts are in."""
    parts = urlsplit(uri)
    if parts.scheme == "duckdb" and parts.path.startswith("//"):
        sqlalchemy_uri, schema = uri, "marts"
        # The file is read only, and reads nothing else: neither another file nor the network.
        config = {"threads": 2, "memory_limit": "1GB", "enable_external_access": "false"}
        engine: Json = {"connect_args": {"read_only": True, "config": config}}
    elif parts.scheme == "bigquery" and parts.netloc and parts.path.strip("/"):
        sqlalchemy_uri, schema = f"bigquery://{parts.netloc}", f"{parts.path.strip('/')}_marts"
        engine = {}
    else:
        raise DatabaseUnknown(
            f"{uri}: neither duckdb:////absolute/path.duckdb (four slashes) nor bigquery://project/dataset"
        )
    entry = {
        "database_name": DATABASE,
        "sqlalchemy_uri": sqlalchemy_uri,
        "extra": {"engine_params": engine, "allows_virtual_table_explore": False},
        "expose_in_sqllab": False,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        "cache_timeout": 300,
        "uuid": uuid_of("database", DATABASE),
        "version": _VERSION,
    }
    return entry, schema


def _dataset(dataset: Dataset, schema: str) -> Json:
    return {
        "table_name": dataset.table_name,
        "main_dttm_col": dataset.main_dttm_col,
        "schema": schema,
        "catalog": None,
        "sql": None,
        "params": None,
        "extra": None,
        "columns": [
            {
                "column_name": column.column_name,
                "verbose_name": column.verbose_name,
                "type": SUPERSET_TYPES[column.type],
                "is_dttm": column.type in ("date", "timestamp"),
                "groupby": True,
                "filterable": True,
            }
            for column in dataset.columns
        ],
        "metrics": [
            {
                "metric_name": metric.metric_name,
                "expression": metric.expression,
                "verbose_name": metric.verbose_name,
                "d3format": metric.d3format,
            }
            for metric in dataset.metrics
        ],
        "uuid": dataset.uuid,
        "database_uuid": uuid_of("database", DATABASE),
        "version": _VERSION,
    }


def _chart(chart: Chart, assets: Assets) -> Json:
    return {
        "slice_name": chart.slice_name,
        "description": chart.description,
        "viz_type": chart.viz_type,
        "params": form_data(chart),
        "query_context": query_context(chart),
        "cache_timeout": None,
        "uuid": chart.uuid,
        "dataset_uuid": assets.datasets[chart.dataset].uuid,
        "version": _VERSION,
    }


def _dashboard(dashboard: Dashboard, assets: Assets) -> Json:
    return {
        "dashboard_title": dashboard.dashboard_title,
        "description": dashboard.description,
        "css": _STYLE,
        "slug": dashboard.slug,
        "certified_by": dashboard.owner,
        "certification_details": dashboard.description,
        "published": True,
        "position": _position(dashboard),
        "metadata": {
            "color_scheme": "supersetColors",
            "cross_filters_enabled": True,
            "refresh_frequency": 0,
            "expanded_slices": {},
            "label_colors": _series_colours(assets),
            "timed_refresh_immune_slices": [],
            "default_filters": "{}",
            "chart_configuration": {},
            "native_filter_configuration": [
                _native_filter(assets.filters[key], dashboard, assets) for key in dashboard.filters
            ],
        },
        "uuid": dashboard.uuid,
        "version": _VERSION,
    }


def _series_colours(assets: Assets) -> Json:
    """Return the colours of series: Superset looks a value up by its word, and a metric by its name, not its label."""
    metrics = [metric for dataset in assets.datasets.values() for metric in dataset.metrics]
    named = {each.metric_name: SERIES[each.verbose_name] for each in metrics if each.verbose_name in SERIES}
    return {**SERIES, **named}


# Text in tables is read, so it wraps.
_STYLE = """
.table td { white-space: normal !important; }
"""


def _position(dashboard: Dashboard) -> Json:
    """Return the tree of the layout: root, grid, rows, tiles. The numbers of charts are those of `_chart_ids`."""
    above = ["ROOT_ID", "GRID_ID"]
    nodes: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": dashboard.dashboard_title}},
    }
    for row_number, row in enumerate(dashboard.rows):
        row_id = f"ROW-{row_number}"
        tiles = {f"TILE-{row_number}-{place}": tile for place, tile in enumerate(row)}
        nodes["GRID_ID"]["children"].append(row_id)
        nodes[row_id] = {
            "type": "ROW",
            "id": row_id,
            "children": list(tiles),
            "parents": above,
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        }
        for tile_id, tile in tiles.items():
            nodes[tile_id] = {"id": tile_id, "children": [], "parents": [*above, row_id], **_tile(tile, dashboard)}
    return nodes


def _tile(tile: Tile, dashboard: Dashboard) -> Json:
    size = {"width": tile.width, "height": tile.height}
    if tile.chart is None:
        return {"type": "MARKDOWN", "meta": {**size, "code": tile.markdown}}
    chart = next(chart for chart in dashboard.charts if chart.key == tile.chart)
    meta = {**size, "chartId": _chart_ids(dashboard)[chart.key], "uuid": chart.uuid, "sliceName": chart.slice_name}
    return {"type": "CHART", "meta": meta}


def _chart_ids(dashboard: Dashboard) -> dict[str, int]:
    """Return a number for each chart, unique on the dashboard: Superset wants one, and writes its own over it."""
    return {chart.key: number for number, chart in enumerate(dashboard.charts, start=1)}


def _native_filter(each: Filter, dashboard: Dashboard, assets: Assets) -> Json:
    """Return Superset's configuration of a filter. It leaves alone the charts whose dataset lacks the column."""
    return {
        "id": each.id,
        "type": "NATIVE_FILTER",
        "filterType": "filter_time" if each.column is None else "filter_select",
        "name": each.name,
        "description": each.description,
        "targets": [{}] if each.column is None else [_target(each, assets)],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": sorted(_untouched(each, dashboard, assets))},
        "cascadeParentIds": [],
        "controlValues": _controls(each),
        # Its first value is applied as the dashboard opens, and the charts wait for it.
        "requiredFirst": each.first,
        **({"sortMetric": each.sort_metric} if each.sort_metric else {}),
        "defaultDataMask": _default(each),
    }


def _target(each: Filter, assets: Assets) -> Json:
    return {"column": {"name": each.column}, "datasetUuid": assets.datasets[str(each.dataset)].uuid}


def _untouched(each: Filter, dashboard: Dashboard, assets: Assets) -> Iterator[int]:
    ids = _chart_ids(dashboard)
    for chart in dashboard.charts:
        if not is_touched(chart, each, assets):
            yield ids[chart.key]


def is_touched(chart: Chart, each: Filter, assets: Assets) -> bool:
    """Tell whether a filter narrows a chart: it has the column, or for the period it has a range of time."""
    if each.column is None:
        return any(adhoc["operator"] == "TEMPORAL_RANGE" for adhoc in form_data(chart)["adhoc_filters"])
    return each.column in assets.datasets[chart.dataset].column_names


def _controls(each: Filter) -> Json:
    if each.column is None:
        return {"enableEmptyFilter": False}
    return {
        "multiSelect": each.multiple,
        "enableEmptyFilter": each.first,
        "defaultToFirstItem": each.first,
        "inverseSelection": False,
        "searchAllOptions": False,
        **({"sortAscending": False} if each.sort_metric else {}),
    }


def _default(each: Filter) -> Json:
    """Return what a filter says until somebody touches it."""
    if each.default is None:
        return {"extraFormData": {}, "filterState": {}, "ownState": {}}
    if each.column is None:
        return {"extraFormData": {"time_range": each.default}, "filterState": {"value": each.default}, "ownState": {}}
    chosen = [each.default]
    only = {"filters": [{"col": each.column, "op": "IN", "val": chosen}]}
    return {"extraFormData": only, "filterState": {"value": chosen, "label": each.default}, "ownState": {}}
