"""
Pictures as Vega-Lite: lines with gaps and targets, stacked bars, bars, dumbbells and heatmaps.

Each function takes rows and returns a specification. A row's `label` is what a reader is told of its
mark. Colours are the page's own variables, so that a picture follows its light and dark style; what
is not known is left out, and grey where it has a place.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Spec = dict[str, Any]

INK, MUTED, LINE, ACCENT = "var(--ink)", "var(--muted)", "var(--line)", "var(--accent)"
GOOD, WARN, BAD, UNKNOWN = "var(--green)", "var(--amber)", "var(--red)", "var(--grey)"
# Where cells touch, the worse is the darker (on dark, the brighter): also whoever sees no hue sees it.
CALM, UNEASY = "var(--calm)", "var(--uneasy)"
# Wong's palette, which readers with any of the usual kinds of colour blindness tell apart.
SERIES = ("var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c5)")

NARROW, WIDE = 250, 520
_BAR = 22
# Two fonts of the same widths: one to measure with here, one that most readers have.
_FONT = "DejaVu Sans, Verdana, sans-serif"
# From how many milliseconds on a duration is told in which unit.
_DURATIONS = ((172_800_000, 86_400_000, "d"), (3_600_000, 3_600_000, "h"), (60_000, 60_000, "min"), (0, 1000, "s"))


def trend(rows: Sequence[Row], *, unit: str) -> Spec:
    """A line over weeks (`at`, `value`), with gaps where nothing is known, and its `target` as a dashed one."""
    known = [row[name] for row in rows for name in ("value", "target") if row[name] is not None]
    divisor, axis = _axis(unit, known)
    values = _divided(rows, divisor, "value", "target")
    x = _dates()
    y: Spec = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "axis": axis,
        "scale": _scale_of_line(unit, known),
    }
    layers: list[Spec] = [
        {
            "mark": {"type": "line", "color": MUTED, "strokeDash": [5, 4], "strokeWidth": 1.4},
            "transform": [{"filter": "isValid(datum.target)"}],
            "encoding": {"x": x, "y": {**y, "field": "target"}},
        },
        {
            "mark": {"type": "line", "color": ACCENT, "strokeWidth": 2.2, "invalid": "break-paths-show-path-domains"},
            "encoding": {"x": x, "y": y},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 40, "color": ACCENT, "opacity": 1},
            "transform": [{"filter": "isValid(datum.value)"}],
            "encoding": {"x": x, "y": y, "description": _label()},
        },
    ]
    return _picture({"layer": layers}, values, width=NARROW, height=110)


def _scale_of_line(unit: str, known: Sequence[float]) -> Spec:
    """From zero on; a ratio that stays high from the ten percent below it, so that its ups and downs are seen."""
    if unit != "ratio" or not known:
        return {"zero": True}
    low = max(math.floor((min(known) - 0.05) * 10) / 10, 0)
    return {"domain": [low, min(math.ceil((max(known) + 0.02) * 10) / 10, 1)] if max(known) <= 1 else [low, max(known)]}


def stacked(rows: Sequence[Row], *, series: Mapping[str, str], unit: str = "count") -> Spec:
    """Bars over days or weeks (`at`, `value`), stacked by `series`, whose names have their colours."""
    return _picture(
        {
            "mark": {"type": "bar", "stroke": "var(--paper)", "strokeWidth": 0.6},
            "encoding": {
                "x": _dates(),
                "y": {"field": "value", "type": "quantitative", "title": None, "axis": _axis(unit, [])[1]},
                "color": _coloured("series", series),
                "order": {"field": "position", "type": "quantitative"},
                "description": _label(),
            },
        },
        rows,
        height=170,
    )


def bars(rows: Sequence[Row], *, unit: str, colours: Mapping[str, str] | None = None) -> Spec:
    """
    One bar per `name`, in the order given, with `value`, and its number written beside it (`text`).

    A row of which the value is not known has its text alone. `colours` are those of `series`, stacked
    where a name has several; `target`, if a row has it, is a tick.
    """
    names = list(dict.fromkeys(row["name"] for row in rows))
    ends = [max(row.get("value") or 0, row.get("target") or 0) for row in rows]
    divisor, axis = _axis(unit, ends)
    values = [
        {**row, "end": end / divisor} for row, end in zip(_divided(rows, divisor, "value", "target"), ends, strict=True)
    ]
    y = _names(names)
    has_text = any(row.get("text") for row in rows)
    # A number beside each bar needs room, and no axis.
    scale = {"domainMax": max(ends, default=0) / divisor * 1.5 or 1} if has_text else {}
    x: Spec = {"type": "quantitative", "title": None, "axis": None if has_text else axis, "scale": scale}
    bar: Spec = {
        "mark": {"type": "bar", "color": ACCENT, "height": {"band": 0.7}},
        "encoding": {"y": y, "x": {**x, "field": "value"}, "description": _label()},
    }
    if colours:
        bar["encoding"]["color"] = _coloured("series", colours)
        bar["encoding"]["order"] = {"field": "position", "type": "quantitative"}
    layers: list[Spec] = [bar]
    if any(row.get("target") is not None for row in rows):
        layers.append(
            {
                "mark": {"type": "tick", "color": INK, "thickness": 2.4, "height": {"band": 0.95}},
                "transform": [{"filter": "isValid(datum.target)"}],
                "encoding": {"y": y, "x": {**x, "field": "target"}},
            }
        )
    if has_text:
        layers.append(
            {
                "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 6, "color": INK, "fontSize": 11},
                "encoding": {"y": y, "x": {**x, "field": "end"}, "text": {"field": "text", "type": "nominal"}},
            }
        )
    return _picture({"layer": layers}, values, height=_BAR * len(names))


def dumbbells(rows: Sequence[Row], *, unit: str, series: Mapping[str, str]) -> Spec:
    """Per `name` one dot for each of its `series` on the same scale, joined by a line: how far they are apart."""
    names = list(dict.fromkeys(row["name"] for row in rows))
    y = _names(names)
    x: Spec = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "axis": _axis(unit, [])[1],
        "scale": {"domain": [0, 1]},
    }
    return _picture(
        {
            "layer": [
                {"mark": {"type": "line", "color": MUTED, "strokeWidth": 3}, "encoding": {"y": y, "x": x, "detail": y}},
                {
                    "mark": {"type": "point", "filled": True, "size": 100, "opacity": 1},
                    "encoding": {
                        "y": y,
                        "x": x,
                        "color": _coloured("series", series),
                        "shape": {"field": "series", "type": "nominal", "scale": {"domain": list(series)}},
                        "description": _label(),
                    },
                },
            ]
        },
        rows,
        height=_BAR * len(names),
    )


def heatmap(rows: Sequence[Row], *, classes: Mapping[str, str], is_dated: bool = False) -> Spec:
    """A cell per `name` and `at`, coloured by its `series`, a class; what has no row is left empty."""
    names = sorted({row["name"] for row in rows})
    x = _dates() if is_dated else {"field": "at", "type": "nominal", "title": None, "axis": {"labelAngle": -50}}
    x["sort"] = sorted({row["at"] for row in rows})
    x["axis"] |= {"domain": False, "ticks": False}
    return _picture(
        {
            "mark": {"type": "rect", "stroke": "var(--paper)", "strokeWidth": 1.5},
            "encoding": {
                "y": _names(names),
                "x": x,
                "color": _coloured("series", classes),
                "description": _label(),
            },
        },
        rows,
        height=19 * len(names),
    )


def _picture(spec: Spec, rows: Sequence[Row], *, height: int, width: int = WIDE) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": [dict(row) for row in rows]},
        "width": width,
        "height": height,
        "background": None,
        "padding": {"left": 4, "right": 10, "top": 4, "bottom": 2},
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": {
            "font": _FONT,
            "view": {"stroke": None},
            "axis": {
                "labelColor": MUTED,
                "labelFontSize": 10,
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
                "labelFontSize": 10.5,
                "columnPadding": 14,
                "symbolType": "square",
                "labelLimit": 210,
            },
        },
        **spec,
    }


def _names(names: Sequence[str]) -> Spec:
    axis = {"labelLimit": 200, "labelColor": INK, "domain": False, "ticks": False, "labelPadding": 6}
    return {"field": "name", "type": "nominal", "title": None, "sort": names, "axis": axis}


def _dates() -> Spec:
    """A place for each day or week; its labels thin out by themselves."""
    return {
        "field": "at",
        "type": "ordinal",
        "title": None,
        "axis": {
            "labelExpr": "utcFormat(toDate(datum.value), '%-d %b')",
            "labelAngle": 0,
            "labelOverlap": "parity",
            "labelSeparation": 8,
        },
    }


def _axis(unit: str, known: Sequence[float]) -> tuple[float, Spec]:
    """By what values are divided to be shown, and how an axis writes what results."""
    if unit == "ratio":
        return 1, {"labelExpr": "format(datum.value * 100, ',.3~f') + ' %'"}
    if unit == "ms":
        size = max(map(abs, known), default=0)
        divisor, name = next((divisor, name) for least, divisor, name in _DURATIONS if size >= least)
        return divisor, {"labelExpr": f"format(datum.value, ',.3~f') + ' {name}'"}
    return 1, {"format": ",.3~f"}


def _divided(rows: Sequence[Row], divisor: float, *columns: str) -> list[Spec]:
    return [{**row, **{name: row[name] / divisor for name in columns if row.get(name) is not None}} for row in rows]


def _label() -> Spec:
    return {"field": "label", "type": "nominal"}


def _coloured(field: str, colours: Mapping[str, str]) -> Spec:
    return {
        "field": field,
        "type": "nominal",
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": {} if len(colours) > 1 else None,
    }
