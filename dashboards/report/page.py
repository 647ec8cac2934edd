"""The report as one page of HTML that asks nothing of any server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any

from ci_intel.words import counted
from dashboards.report import charts, drawing, words
from dashboards.report.facts import WEEKS, Cell, Facts, Origin, Queried, read
from dashboards.report.pictures import DOMAINS, Domain, Picture
from dashboards.report.shapes import Row

# What opens the page is told not to load anything, and to run nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
# So many open matters are in sight; the others are folded away.
TOP_MATTERS = 8
PILLARS = ("Trust", "Reliability", "Insight", "Efficiency")


@dataclass(frozen=True)
class Figure:
    """A picture on the page: how it is called, what good looks like, what is to be seen, and its numbers."""

    title: str
    good: str
    alt: str
    svg: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    status: str | None = None


@dataclass(frozen=True)
class Section:
    """A domain on the page: lines of its metrics, further pictures, and what is not known (names by reason)."""

    domain: Domain
    trends: Sequence[Figure]
    pictures: Sequence[Figure]
    gaps: Mapping[str, Sequence[str]]


def html(facts: Facts, warehouse: Queried, *, dashboards_url: str | None) -> str:
    """Write the page. Raises `HubError` if the libraries of the extra are missing."""
    try:
        from jinja2 import Environment, StrictUndefined
    except ModuleNotFoundError as error:
        raise drawing.needs_extra(error) from error
    # Everything is escaped but what was drawn here.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals |= {
        "marks": words.MARKS,
        "severities": words.SEVERITIES,
        "trends": words.TRENDS,
        "top": TOP_MATTERS,
        "weeks": WEEKS,
    }
    environment.filters |= {
        "readable": words.readable,
        "day": words.day,
        "week": words.week,
        "moment": words.moment,
        "counted": counted,
    }
    folder = files("dashboards.report")
    template = environment.from_string((folder / "page.html.j2").read_text(encoding="utf-8"))
    return template.render(
        facts=facts,
        policy=_POLICY,
        style=(folder / "page.css").read_text(encoding="utf-8"),
        origins=[
            {
                "origin": origin,
                "pillars": _pillars(origin),
                "sections": [_section(domain, facts, origin, warehouse) for domain in DOMAINS],
                "sparks": {cell.now["metric_id"]: spark(cell, facts) for cell in origin.cells},
            }
            for origin in facts.origins
        ],
        dashboards_url=dashboards_url,
    )


def _pillars(origin: Origin) -> Sequence[tuple[str, Sequence[Cell]]]:
    """The scorecard by pillar, the worst metric of each first."""
    order = list(words.MARKS)
    cells = sorted(origin.cells, key=lambda cell: (order.index(cell.now["status"]), cell.now["name"]))
    names = [name for name in PILLARS if any(cell.now["pillar"] == name for cell in cells)]
    return [(name, [cell for cell in cells if cell.now["pillar"] == name]) for name in names]


def _section(domain: Domain, facts: Facts, origin: Origin, warehouse: Queried) -> Section:
    cells = [cell for name in domain.metric_ids if (cell := origin.cell(name)) is not None]
    measured = [cell for cell in cells if cell.was_measured]
    gaps: dict[str, list[str]] = {}
    for cell in cells:
        if not cell.was_measured:
            gaps.setdefault(cell.now["why"], []).append(cell.now["name"])
    trends = [_trend(cell, facts, origin) for cell in measured]
    pictures = []
    if domain.slug == "data_trust" or measured:
        for picture in domain.pictures:
            rows = read(warehouse, picture.sql, parameters(picture.sql, facts, origin))
            if rows:
                pictures.append(_figure(picture, rows, origin))
            else:
                gaps.setdefault("There is nothing to draw", []).append(picture.title)
    return Section(domain, trends, pictures, gaps)


def parameters(sql: str, facts: Facts, origin: Origin) -> Row:
    """What a picture's query is asked with: whose evidence, and the days and weeks that it names."""
    known = {
        "is_simulated": origin.is_simulated,
        "since": facts.since.isoformat(),
        "week": facts.week.isoformat(),
        "first_day": (facts.week - timedelta(days=21)).isoformat(),
        "day_after": (facts.week + timedelta(days=7)).isoformat(),
    }
    return {name: value for name, value in known.items() if f"${name}" in sql}


def _figure(picture: Picture, rows: Sequence[Row], origin: Origin) -> Figure:
    marks, spec = picture.shape(rows)
    seen = "; ".join(mark["label"] for mark in marks[:6])
    more = f"; and {len(marks) - 6} more, in the table below" if len(marks) > 6 else ""
    return Figure(
        title=picture.title,
        good=picture.good,
        alt=f"{picture.title}. {seen}{more}.",
        svg=drawing.svg(spec, _name(picture.key, origin)),
        columns=[column.replace("_", " ") for column in picture.columns],
        rows=[[_text(row[column]) for column in picture.columns] for row in rows],
    )


def _trend(cell: Cell, facts: Facts, origin: Origin) -> Figure:
    now, unit = cell.now, cell.now["unit"]
    rows = list(_weeks(cell, facts))
    marks = [
        {
            "at": monday.isoformat(),
            "value": row["metric_value"] if row else None,
            "target": row["target"] if row else None,
            "label": f"Week of {words.day(monday)}: {row['why']}" if row else "",
        }
        for monday, row in rows
    ]
    gaps = sum(mark["value"] is None for mark in marks)
    target = "" if now["target"] is None else f"; wanted is {_wanted(now)}"
    return Figure(
        title=now["name"],
        good=f"Wanted is {_wanted(now)}, the dashed line." if target else "No target is set: only the trend counts.",
        alt=(
            f"{now['name']}, week by week. In the week of {words.day(facts.week)}: "
            f"{words.readable(now['metric_value'], unit)}{target}. "
            f"{counted(gaps, 'week')} of {len(marks)} without a value, drawn as gaps."
        ),
        svg=drawing.svg(charts.trend(marks, unit=unit), _name(now["metric_id"], origin)),
        columns=("week of", "status", "value", "what it says"),
        rows=[
            [
                words.day(monday),
                row["status"] if row else "",
                words.readable(row["metric_value"] if row else None, unit),
                row["why"] if row else "Not in the scorecard.",
            ]
            for monday, row in rows
        ],
        status=now["status"],
    )


def _weeks(cell: Cell, facts: Facts) -> Iterator[tuple[date, Row | None]]:
    by_week = {row["week_start_date"]: row for row in cell.history}
    monday = min(by_week)
    while monday <= facts.week:
        yield monday, by_week.get(monday)
        monday += timedelta(days=7)


def _wanted(row: Row) -> str:
    bound = "at least" if row["direction"] == "higher" else "at most"
    return f"{bound} {words.readable(row['target'], row['unit'])}"


def _name(key: str, origin: Origin) -> str:
    return f"{'simulated' if origin.is_simulated else 'real'}-{key}"


def _text(value: Any) -> str:
    if value is None:
        return words.UNKNOWN
    if isinstance(value, date | datetime):
        return words.day(value)
    if isinstance(value, float):
        return f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def spark(cell: Cell, facts: Facts) -> Sequence[Sequence[tuple[float, float]]]:
    """
    The line of a metric over the weeks, in a box of 100 by 24, in one piece for each stretch without a gap.

    Empty if nothing was measured.
    """
    weeks = list(_weeks(cell, facts))
    values = [row["metric_value"] for _, row in weeks if row and row["metric_value"] is not None]
    if not values:
        return []
    low, high = min(values), max(values)
    pieces: list[list[tuple[float, float]]] = [[]]
    for position, (_, row) in enumerate(weeks):
        if row is None or row["metric_value"] is None:
            pieces.append([])
            continue
        height = 0.5 if high == low else (row["metric_value"] - low) / (high - low)
        pieces[-1].append((round(3 + 94 * position / max(len(weeks) - 1, 1), 1), round(21 - 18 * height, 1)))
    return [piece for piece in pieces if piece]
