"""
How the rows of a picture become its marks, each with a label that says what it is.

A shape takes the rows of a query and returns the marks, for the text in the picture's place, and the
specification that draws them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ci_intel.words import counted
from dashboards.report import charts
from dashboards.report.words import day, readable

Row = dict[str, Any]
Shape = Callable[[Sequence[Row]], tuple[list[Row], charts.Spec]]


def stacks(series: dict[str, tuple[str, str]], *, unit: str = "count", at: str) -> Shape:
    """One bar per day or week, of the columns of `series`, each with its name and colour."""

    def shape(rows: Sequence[Row]) -> tuple[list[Row], charts.Spec]:
        marks = [
            {
                "at": row[at].isoformat(),
                "value": row[column],
                "series": name,
                "position": position,
                "label": f"{day(row[at])}, {name}: {readable(row[column], unit)}",
            }
            for row in rows
            for position, (column, (name, _)) in enumerate(series.items())
            if row[column]
        ]
        colours = dict(series.values())
        return marks, charts.stacked(marks, series=colours, unit=unit)

    return shape


def bars(unit: str, *, of: str, target: str | None = None) -> Shape:
    """One bar per row: `name`, `value`, and how much it was made of (`numerator` of `denominator`), in words."""

    def shape(rows: Sequence[Row]) -> tuple[list[Row], charts.Spec]:
        marks = []
        for row in rows:
            text = readable(row["value"], unit)
            if row.get("denominator") is not None:
                text += f" ({readable(row['numerator'], 'count')} of {readable(row['denominator'], 'count')})"
            marks.append(
                {
                    "name": row["name"],
                    "value": row["value"],
                    "target": row[target] if target else None,
                    "text": text,
                    "label": f"{row['name']}: {text} {of}".strip(),
                }
            )
        return marks, charts.bars(marks, unit=unit)

    return shape


def of_statuses(unit: str, limit: str) -> Shape:
    """One bar per row, coloured by its `status`, with its `limit` as a tick."""

    def shape(rows: Sequence[Row]) -> tuple[list[Row], charts.Spec]:
        words = {
            "green": ("within", charts.GOOD),
            "amber": ("at its limit", charts.WARN),
            "red": ("beyond", charts.BAD),
            "grey": ("not known", charts.UNKNOWN),
        }
        marks = [
            {
                "name": row["name"],
                "value": row["value"],
                "target": row[limit],
                "series": words[row["status"]][0],
                "position": 0,
                "text": f"{readable(row['value'], unit)} of {readable(row[limit], 'count')}",
                "label": f"{row['name']}: {readable(row['value'], unit)}; {row['why']}",
            }
            for row in rows
        ]
        found = {row["status"] for row in rows}
        colours = {name: colour for status, (name, colour) in words.items() if status in found}
        return marks, charts.bars(marks, unit=unit, colours=colours)

    return shape


def success_by_day(rows: Sequence[Row]) -> tuple[list[Row], charts.Spec]:
    """A cell per repository and day: how its success ratio stands against the metric's own thresholds."""
    # Both thresholds are the scorecard's own of the metric.
    green, amber = (rows[0]["target"], rows[0]["amber_threshold"]) if rows else (None, None)
    classes = {
        "none concluded": charts.UNKNOWN,
        f"below {readable(amber, 'ratio')}": charts.BAD,
        f"below {readable(green, 'ratio')}": charts.UNEASY,
        "on target": charts.CALM,
    }

    def class_of(value: float | None) -> str:
        if value is None or green is None or amber is None:
            return "none concluded"
        return list(classes)[3 if value >= green else 2 if value >= amber else 1]

    marks = [
        {
            "name": row["name"],
            "at": row["started_date"].isoformat(),
            "series": class_of(row["value"]),
            "label": f"{row['name']}, {day(row['started_date'])}: {readable(row['value'], 'ratio')} of "
            f"{counted(row['denominator'], 'concluded run')} succeeded",
        }
        for row in rows
    ]
    return marks, charts.heatmap(marks, classes=classes, is_dated=True)


def silence(rows: Sequence[Row]) -> tuple[list[Row], charts.Spec]:
    """A cell per repository and topic of which anything was ever heard: whether it is fresh."""
    words = {
        "green": ("fresh", charts.CALM),
        "amber": ("late", charts.UNEASY),
        "red": ("silent", charts.BAD),
        "grey": ("silent or not known", charts.UNKNOWN),
    }
    marks = [
        {
            "name": row["name"],
            "at": row["topic"].replace("_", " "),
            "series": words[row["status"]][0],
            "label": f"{row['name']}, {row['topic']}: {row['why']}",
        }
        for row in rows
    ]
    found = {row["status"] for row in rows}
    classes = {name: colour for status, (name, colour) in words.items() if status in found}
    return marks, charts.heatmap(marks, classes=classes)


def lines_and_mutants(rows: Sequence[Row]) -> tuple[list[Row], charts.Spec]:
    """Two dots per target: its line coverage and its mutation score; what is not known has none."""
    series = {"lines that tests run": charts.SERIES[0], "mutants that tests catch": charts.SERIES[1]}
    marks = [
        {
            "name": row["name"],
            "value": row[column],
            "series": name,
            "label": f"{row['name']}: {readable(row[column], 'ratio')} {name}",
        }
        for row in rows
        for name, column in zip(series, ("line_coverage_ratio", "mutation_score_ratio"), strict=True)
        if row[column] is not None
    ]
    return marks, charts.dumbbells(marks, unit="ratio", series=series)


def drills(rows: Sequence[Row]) -> tuple[list[Row], charts.Spec]:
    """A bar per drill, how long service was away, against its objective."""
    words = {
        "verified": ("met", charts.GOOD),
        "refuted": ("failed", charts.BAD),
        "undecided": ("not known", charts.UNKNOWN),
    }
    marks = [
        {
            "name": row["name"],
            "value": row["rto_ms"],
            "target": row["rto_objective_ms"],
            "series": words[row["drill_verdict"]][0],
            "position": 0,
            "text": row["why"]
            if row["rto_ms"] is None
            else f"{readable(row['rto_ms'], 'ms')} of {readable(row['rto_objective_ms'], 'ms')}: "
            f"{words[row['drill_verdict']][0]}",
            "label": f"{row['name']}: {row['why']}",
        }
        for row in rows
    ]
    found = {row["drill_verdict"] for row in rows}
    colours = {name: colour for verdict, (name, colour) in words.items() if verdict in found}
    return marks, charts.bars(marks, unit="ms", colours=colours)


def vulnerabilities(rows: Sequence[Row]) -> tuple[list[Row], charts.Spec]:
    """A bar per severity, stacked by how the open vulnerabilities stand to their deadlines."""
    series = {
        "beyond_count": ("beyond its deadline", charts.BAD),
        "within_count": ("within its deadline", charts.SERIES[0]),
        "without_count": ("without a deadline", charts.UNKNOWN),
    }
    marks = [
        {
            "name": row["name"],
            "value": row[column],
            "series": name,
            "position": position,
            "label": f"{row['name']}, {name}: {row[column]}",
        }
        for row in rows
        for position, (column, (name, _)) in enumerate(series.items())
    ]
    return marks, charts.bars(marks, unit="count", colours=dict(series.values()))
