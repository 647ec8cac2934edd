"""What every report says, read from the marts: the scorecard of a week, its history, and what needs attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from ci_intel.errors import NotFound, WarehouseUnavailable
from dashboards.report.words import clean

Row = dict[str, Any]

# How many weeks are drawn, that of the report included.
WEEKS = 13

CELLS = """
    select
        is_simulated, week_start_date, pillar, metric_id, name, status, why, trend, owner, metric_value, unit,
        direction, target
    from marts.executive_scorecard
    where is_current and is_complete and week_start_date between cast($since as date) and cast($week as date)
    order by is_simulated, pillar, name, week_start_date
"""
MATTERS = """
    select
        is_simulated, rank_number, severity, sentence, since_at, age_days, owner, next_step
    from marts.attention
    order by is_simulated, rank_number
"""
LAST_WEEK = "select max(week_start_date) as week from marts.executive_scorecard where is_current and is_complete"
# A budget is evaluated as of the build's own moment; a warehouse without any has the scorecard's last publication.
AS_OF = """
    select
        coalesce(
            (select max(evaluated_at) from marts.error_budgets),
            (select max(published_at) from marts.executive_scorecard)
        ) as built_at,
        (select max(last_loaded_at) from marts.data_trust) as loaded_at
"""


class Queried(Protocol):
    """A warehouse, or a published file of marts."""

    def query(self, sql: str, parameters: Row = ...) -> Sequence[Any]:
        """Return the rows of a query."""
        ...


@dataclass(frozen=True)
class Cell:
    """A metric of the scorecard in the week of the report, with the weeks before, the earliest first."""

    now: Row
    history: Sequence[Row]

    @cached_property
    def before(self) -> Row | None:
        """The same metric a week earlier; none if that week is not in the scorecard."""
        wanted = self.now["week_start_date"] - timedelta(days=7)
        return next((row for row in self.history if row["week_start_date"] == wanted), None)

    @property
    def has_changed(self) -> bool:
        """Whether the status is another one than a week before."""
        return self.before is not None and self.before["status"] != self.now["status"]

    @property
    def was_measured(self) -> bool:
        """Whether it has a value in any of the weeks."""
        return any(row["metric_value"] is not None for row in self.history)


@dataclass(frozen=True)
class Origin:
    """One half of the facts: real evidence, or the simulated fleet. The two are never added up."""

    is_simulated: bool
    cells: Sequence[Cell]
    matters: Sequence[Row]

    @property
    def name(self) -> str:
        """What it is called on a page."""
        return "Simulated fleet" if self.is_simulated else "Real evidence"

    @property
    def measured_count(self) -> int:
        """How many metrics have a value in any of the weeks."""
        return sum(cell.was_measured for cell in self.cells)

    def with_status(self, status: str) -> Sequence[Cell]:
        """The metrics of one status, green, amber, red or grey."""
        return [cell for cell in self.cells if cell.now["status"] == status]

    def cell(self, metric_id: str) -> Cell | None:
        """The metric of that name; none if the scorecard does not have it."""
        return next((cell for cell in self.cells if cell.now["metric_id"] == metric_id), None)

    @property
    def changed(self) -> Sequence[Cell]:
        """The metrics whose status is another one than a week before."""
        return [cell for cell in self.cells if cell.has_changed]


@dataclass(frozen=True)
class Facts:
    """All that a report says of one week."""

    week: date
    is_latest: bool
    built_at: datetime | None
    loaded_at: datetime | None
    origins: Sequence[Origin]

    @property
    def since(self) -> date:
        """The Monday of the earliest week that is drawn."""
        return self.week - timedelta(days=7 * (WEEKS - 1))


def read(warehouse: Queried, sql: str, parameters: Row) -> Sequence[Row]:
    """Return the rows of a query; texts in them are fit to be shown."""
    return [
        {name: clean(value) if isinstance(value, str) else value for name, value in row.items()}
        for row in warehouse.query(sql, parameters)
    ]


def read_facts(warehouse: Queried, week: date | None, origin: str | None) -> Facts:
    """
    Read the week that begins with, or contains, `week`; by default the latest complete one.

    `origin` is real, simulated or none for both, the one of which more is measured first. What needs
    attention is always that of now. Raises `NotFound` if there are no marts, or nothing of that week.
    """
    try:
        latest = warehouse.query(LAST_WEEK, {})[0]["week"]
        as_of = warehouse.query(AS_OF, {})[0]
    except WarehouseUnavailable as error:
        raise NotFound(f"there are no marts to report on: run `dbt build` ({error.message})") from error
    if latest is None:
        raise NotFound("the scorecard is empty: load evidence with `ci-intel load`, then run `dbt build`")
    monday = latest if week is None else week - timedelta(days=week.weekday())
    since = monday - timedelta(days=7 * (WEEKS - 1))
    rows = read(warehouse, CELLS, {"since": since.isoformat(), "week": monday.isoformat()})
    if not any(row["week_start_date"] == monday for row in rows):
        raise NotFound(f"the scorecard has no complete week of {monday}; the latest one is that of {latest}")
    matters = read(warehouse, MATTERS, {})
    origins = [
        _origin(rows, matters, monday, is_simulated=is_simulated)
        for is_simulated in (False, True)
        if origin in (None, "simulated" if is_simulated else "real")
    ]
    found = sorted((one for one in origins if one.cells), key=lambda one: -one.measured_count)
    if not found:
        raise NotFound(f"there is no {origin} evidence in the scorecard of {monday}")
    return Facts(monday, monday == latest, as_of["built_at"], as_of["loaded_at"], found)


def _origin(rows: Sequence[Row], matters: Sequence[Row], monday: date, *, is_simulated: bool) -> Origin:
    by_metric: dict[str, list[Row]] = {}
    for row in rows:
        if row["is_simulated"] is is_simulated:
            by_metric.setdefault(row["metric_id"], []).append(row)
    cells = [Cell(history[-1], history) for history in by_metric.values() if history[-1]["week_start_date"] == monday]
    return Origin(is_simulated, cells, [row for row in matters if row["is_simulated"] is is_simulated])
