"""
The dashboards as git has them: `assets/`, one folder per dashboard, read into plain objects.

The files hold what a person decides, in Superset's own words. What follows from it (uuids, ids, positions, queries,
filters) is derived by `bundle` and never written down, so that a change of a chart is a change of one line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid5

import yaml

from ci_intel.errors import HubError

# Every uuid of an asset is made in here, from its kind and its name: the same in every Superset, on every engine.
NAMESPACE = UUID("8d7e2d0c-6b57-5e0b-9f2d-1f3c5b0a4c11")

Yaml = Mapping[str, Any]
Thing = TypeVar("Thing")


class AssetsBroken(HubError):
    """The dashboards' YAML cannot be read; the message names the file and what is wrong with it."""

    exit_code = 1


def uuid_of(kind: str, name: str) -> str:
    """Return the uuid of the asset `name` of its kind (database, dataset, chart, dashboard)."""
    return str(uuid5(NAMESPACE, f"{kind}:{name}"))


@dataclass(frozen=True)
class Column:
    """A stored column of a mart, with the type that dbt's manifest gives it and the words that a chart shows."""

    column_name: str
    type: str
    verbose_name: str


@dataclass(frozen=True)
class Metric:
    """What a chart may compute of stored columns: a sum, a ratio of sums, a maximum, a count of rows."""

    metric_name: str
    expression: str
    verbose_name: str
    d3format: str | None = None


@dataclass(frozen=True)
class Dataset:
    """A mart that charts read. `main_dttm_col` is its date or moment, which the period is for; None if it has none."""

    table_name: str
    columns: tuple[Column, ...]
    metrics: tuple[Metric, ...]
    main_dttm_col: str | None = None

    @property
    def uuid(self) -> str:
        """Its uuid, in every Superset."""
        return uuid_of("dataset", self.table_name)

    @cached_property
    def column_names(self) -> frozenset[str]:
        """The names of its columns."""
        return frozenset(column.column_name for column in self.columns)

    @cached_property
    def metric_names(self) -> frozenset[str]:
        """The names of its metrics."""
        return frozenset(metric.metric_name for metric in self.metrics)


@dataclass(frozen=True)
class Chart:
    """A tile that asks a dataset. `params` is Superset's form data without data source and kind of picture."""

    dashboard: str
    key: str
    slice_name: str
    description: str
    dataset: str
    viz_type: str
    params: Yaml = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name among all charts: `<slug>/<key>`."""
        return f"{self.dashboard}/{self.key}"

    @property
    def uuid(self) -> str:
        """Its uuid, in every Superset."""
        return uuid_of("chart", self.name)


@dataclass(frozen=True)
class Tile:
    """A place in a row: a chart by its key, or text. The width is of twelve, the height in Superset's units of 8 px."""

    width: int
    height: int
    chart: str | None = None
    markdown: str | None = None


@dataclass(frozen=True)
class Filter:
    """A native filter: of the period, or of a column's values that are listed from `dataset`."""

    key: str
    name: str
    description: str
    column: str | None = None
    dataset: str | None = None
    default: str | None = None
    multiple: bool = True
    first: bool = False
    sort_metric: str | None = None

    @property
    def id(self) -> str:
        """Its id within a dashboard."""
        return f"NATIVE_FILTER-{self.key}"


@dataclass(frozen=True)
class Dashboard:
    """One question, with the tiles that answer it, row by row."""

    slug: str
    dashboard_title: str
    description: str
    owner: str
    filters: tuple[str, ...]
    rows: tuple[tuple[Tile, ...], ...]
    charts: tuple[Chart, ...]

    @property
    def uuid(self) -> str:
        """Its uuid, in every Superset."""
        return uuid_of("dashboard", self.slug)


@dataclass(frozen=True)
class Assets:
    """All that Superset shows, in the order of its names."""

    datasets: Mapping[str, Dataset]
    filters: Mapping[str, Filter]
    dashboards: Mapping[str, Dashboard]

    @cached_property
    def charts(self) -> Sequence[Chart]:
        """The charts of all dashboards."""
        return tuple(chart for dashboard in self.dashboards.values() for chart in dashboard.charts)


def assets_folder() -> Path:
    """Return the folder of the assets, in the installed package as in the checkout."""
    return Path(__file__).parent / "assets"


def read_assets(folder: Path | None = None) -> Assets:
    """
    Read the dashboards in `folder`, by default those that the hub ships.

    Raises `AssetsBroken` if a file is not YAML, or has a key too many or too few.
    """
    folder = folder or assets_folder()
    datasets = {path.stem: _dataset(path) for path in sorted((folder / "datasets").glob("*.yaml"))}
    filters = {key: _filter(folder / "filters.yaml", key, of) for key, of in _read(folder / "filters.yaml").items()}
    dashboards = {path.parent.name: _dashboard(path) for path in sorted(folder.glob("*/dashboard.yaml"))}
    if not dashboards:
        raise AssetsBroken(f"{folder}: holds no dashboard (<slug>/dashboard.yaml)")
    return Assets(datasets, filters, dashboards)


def _read(path: Path) -> Yaml:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise AssetsBroken(f"{path}: cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise AssetsBroken(f"{path}: is no mapping of keys to values")
    return content


def _made(path: Path, kind: type[Thing], fields: Yaml) -> Thing:
    """Make a `kind` of the fields that a file gives; a key that is missing or unknown is the file's fault."""
    try:
        return kind(**fields)
    except TypeError as error:
        raise AssetsBroken(f"{path}: {kind.__name__.lower()} {fields!r}: {error}") from error


def _dataset(path: Path) -> Dataset:
    fields = dict(_read(path))
    fields["columns"] = tuple(_made(path, Column, column) for column in fields.get("columns", ()))
    fields["metrics"] = tuple(_made(path, Metric, metric) for metric in fields.get("metrics", ()))
    return _made(path, Dataset, {"table_name": path.stem, **fields})


def _filter(path: Path, key: str, fields: Yaml) -> Filter:
    return _made(path, Filter, {"key": key, **fields})


def _chart(path: Path) -> Chart:
    return _made(path, Chart, {"dashboard": path.parent.parent.name, "key": path.stem, **_read(path)})


def _dashboard(path: Path) -> Dashboard:
    fields = dict(_read(path))
    fields["filters"] = tuple(fields.get("filters", ()))
    fields["rows"] = tuple(tuple(_made(path, Tile, tile) for tile in row) for row in fields.get("rows", ()))
    charts = tuple(_chart(chart) for chart in sorted((path.parent / "charts").glob("*.yaml")))
    return _made(path, Dashboard, {"slug": path.parent.name, "charts": charts, **fields})
