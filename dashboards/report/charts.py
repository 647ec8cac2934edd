"""
Pictures as Vega-Lite: lines with gaps and targets, stacked bars, bars and heatmaps.

Each function takes rows and returns a specification. A row's `label` is what a reader is told of its
mark. Colours are the page's own variables, so that a picture follows its light and dark style; what
is not known is left out, and grey where it has a place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Spec = dict[str, Any]

INK, MUTED, LINE, ACCENT = "var(--ink)", "var(--muted)", "var(--line)", "var(--accent)"
GOOD, WARN, BAD, UNKNOWN = "var(--green)", "var(--amber)", "var(--red)", "var(--grey)"
# Wong's palette, which readers with any of the usual kinds of colour blindness tell apart.
SERIES = ("var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)")

_WIDTH = 340
_BAR = 20
# Vega-Lite's own language for a number in its unit; `value` is the axis's.
_AXES = {
    "ratio": "format(datum.value * 100, ',.3~f') + ' %'",
    "ms": (
        "datum.value >= 172800000 ? format(datum.value / 86400000, ',.3~f') + ' d'"
        " : datum.value >= 3600000 ? format(datum.value / 3600000, ',.3~f') + ' h'"
        " : datum.value >= 60000 ? format(datum.value / 60000, ',.3~f') + ' min'"
        " : format(datum.value / 1000, ',.3~f') + ' s'"
    ),
}


def trend(rows: Sequence[Row], *, unit: str) -> Spec:
    """A line over weeks (`at`, `value`), with gaps where nothing is known, and its `target` as a dashed one."""
    x = _dates()
    y = {"field": "value", "type": "quantitative", "title": None, "axis": _axis(unit), "scale": {"zero": True}}
    target = [row for row in rows if row["target"] is not None]
    layers: list[Spec] = [
        {
            "mark": {"type": "line", "color": ACCENT, "strokeWidth": 2.2, "invalid": "break-paths-show-path-domains"},
            "encoding": {"x": x, "y": y},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 46, "color": ACCENT, "opacity": 1},
            "transform": [{"filter": "isValid(datum.value)"}],
            "encoding": {"x": x, "y": y, "description": _label()},
        },
    ]
    if target:
        layers.insert(
            0,
            {
                "mark": {"type": "line", "color": MUTED, "strokeDash": [5, 4], "strokeWidth": 1.3},
                "transform": [{"filter": "isValid(datum.target)"}],
                "encoding": {"x": x, "y": {**y, "field": "target"}},
            },
        )
    return _picture({"layer": layers}, rows, height=130)


def stacked(rows: Sequence[Row], *, series: Mapping[str, str], unit: str = "count") -> Spec:
    """Bars over days or weeks (`at`, `value`), stacked by `series`, whose names have their colours."""
    return _picture(
        {
            "mark": {"type": "bar", "stroke": "var(--paper)", "strokeWidth": 0.6},
            "encoding": {
                "x": _dates(),
                "y": {"field": "value", "type": "quantitative", "title": None, "axis": _axis(unit)},
                "color": _scale("series", series),
                "order": {"field": "position", "type": "quantitative"},
                "description": _label(),
            },
        },
        rows,
        height=150,
    )


def bars(rows: Sequence[Row], *, unit: str, colours: Mapping[str, str] | None = None) -> Spec:
    """
    One bar per `name`, in the order given, with `value`, and its number written beside it (`text`).

    A row of which the value is not known has its text alone. `colours` are those of `series`, stacked
    where a name has several; `target`, if a row has it, is a tick.
    """
    names = list(dict.fromkeys(row["name"] for row in rows))
    y = {
        "field": "name",
        "type": "nominal",
        "title": None,
        "sort": names,
        "axis": {"labelLimit": 190, "domain": False, "ticks": False},
    }
    bar: Spec = {
        "mark": {"type": "bar", "color": ACCENT, "height": {"band": 0.68}},
        "encoding": {
            "y": y,
            "x": {"field": "value", "type": "quantitative", "title": None, "axis": _axis(unit)},
            "description": _label(),
        },
    }
    if colours:
        bar["encoding"]["color"] = _scale("series", colours)
        bar["encoding"]["order"] = {"field": "position", "type": "quantitative"}
    layers: list[Spec] = [bar]
    if any(row.get("target") is not None for row in rows):
        layers.append(
            {
                "mark": {"type": "tick", "color": INK, "thickness": 2.4, "height": {"band": 0.95}},
                "transform": [{"filter": "isValid(datum.target)"}],
                "encoding": {"y": y, "x": {"field": "target", "type": "quantitative"}},
            }
        )
    if any(row.get("text") for row in rows):
        layers.append(
            {
                "mark": {"type": "text", "align": "left", "dx": 6, "color": INK, "fontSize": 11},
                "transform": [{"filter": "isValid(datum.text)"}, {"calculate": "datum.value || 0", "as": "end"}],
                "encoding": {
                    "y": y,
                    "x": {"field": "end", "type": "quantitative"},
                    "text": {"field": "text", "type": "nominal"},
                },
            }
        )
    return _picture({"layer": layers}, rows, height=_BAR * len(names))


def dumbbells(rows: Sequence[Row], *, unit: str, series: Mapping[str, str]) -> Spec:
    """Per `name` one dot for each of its `series` on the same scale, joined by a line: how far they are apart."""
    names = list(dict.fromkeys(row["name"] for row in rows))
    y = {
        "field": "name",
        "type": "nominal",
        "title": None,
        "sort": names,
        "axis": {"labelLimit": 190, "domain": False, "ticks": False},
    }
    x = {"field": "value", "type": "quantitative", "title": None, "axis": _axis(unit), "scale": {"domain": [0, 1]}}
    return _picture(
        {
            "layer": [
                {"mark": {"type": "line", "color": LINE, "strokeWidth": 3}, "encoding": {"y": y, "x": x, "detail": y}},
                {
                    "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                    "encoding": {"y": y, "x": x, "color": _scale("series", series), "description": _label()},
                },
            ]
        },
        rows,
        height=_BAR * len(names),
    )


def heatmap(rows: Sequence[Row], *, classes: Mapping[str, str], is_dated: bool = False) -> Spec:
    """A cell per `name` and `at`, coloured by its `series`, a class; what has no row is left empty."""
    names = sorted({row["name"] for row in rows})
    columns = sorted({row["at"] for row in rows})
    x = _dates() if is_dated else {"field": "at", "type": "nominal", "title": None, "axis": {"labelAngle": -40}}
    x["sort"] = columns
    x["axis"] |= {"domain": False, "ticks": False}
    return _picture(
        {
            "mark": {"type": "rect", "stroke": "var(--paper)", "strokeWidth": 1.5},
            "encoding": {
                "y": {
                    "field": "name",
                    "type": "nominal",
                    "title": None,
                    "sort": names,
                    "axis": {"labelLimit": 190, "domain": False, "ticks": False},
                },
                "x": x,
                "color": _scale("series", classes),
                "description": _label(),
            },
        },
        rows,
        height=18 * len(names),
    )


def _picture(spec: Spec, rows: Sequence[Row], *, height: int) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": [dict(row) for row in rows]},
        "width": _WIDTH,
        "height": height,
        "background": None,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": {
            "font": "system-ui, sans-serif",
            "view": {"stroke": None},
            "axis": {
                "labelColor": MUTED,
                "labelFontSize": 11,
                "gridColor": LINE,
                "domainColor": LINE,
                "tickColor": LINE,
                "tickCount": 4,
            },
            "axisX": {"grid": False},
            "axisXQuantitative": {"grid": True, "domain": False},
            "axisYQuantitative": {"domain": False, "ticks": False},
            "legend": {
                "orient": "top",
                "title": None,
                "labelColor": INK,
                "labelFontSize": 11,
                "symbolType": "square",
                "columns": 4,
                "labelLimit": 150,
            },
        },
        **spec,
    }


def _axis(unit: str) -> Spec:
    return {"labelExpr": _AXES[unit]} if unit in _AXES else {"format": ",.3~f"}


def _dates() -> Spec:
    """A place for each day or week; its labels thin out by themselves."""
    return {
        "field": "at",
        "type": "ordinal",
        "title": None,
        "axis": {
            "labelExpr": "utcFormat(toDate(datum.value), '%-d %b')",
            "labelAngle": 0,
            "labelOverlap": "greedy",
            "labelSeparation": 8,
        },
    }


def _label() -> Spec:
    return {"field": "label", "type": "nominal"}


def _scale(field: str, colours: Mapping[str, str]) -> Spec:
    return {
        "field": field,
        "type": "nominal",
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": {} if len(colours) > 1 else None,
    }
