"""`ci-intel scorecard`: the executive scorecard, as the mart has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click
import orjson

from ci_intel.commands.options import json_option, lock_timeout_option, read_warehouse, warehouse_option
from ci_intel.errors import NotFound, WarehouseUnavailable
from ingest.warehouse import Row, Warehouse

_WEEK = """
    select
        is_simulated, week_start_date, is_complete, pillar, metric_id, metric_version, name, status, why, trend, owner,
        metric_value, unit, target, numerator, denominator, change_over_four_weeks, grey_reason, revision,
        restated_at, restatement_reason
    from marts.executive_scorecard
    where weeks_ago = $weeks_ago and is_current
    order by is_simulated, pillar, name
"""
_EVIDENCE = """
    select
        is_simulated, week_start_date, metric_id, name, status, counting, kind, repository, subject, happened_at,
        numerator, denominator, measured_value, unit, why, _load_id, _source_line, _event_id
    from marts.scorecard_evidence
    where metric_id = $metric_id and weeks_ago = $weeks_ago
    order by
        is_simulated,
        case counting
            when 'numerator' then 1 when 'both' then 2 when 'value' then 3 when 'denominator' then 4 else 5
        end,
        happened_at desc,
        evidence_id
"""
# A person reads so many of each kind of counting; --json has all.
_SHOWN = 10
_EMPTY = "the scorecard is empty: load evidence with `ci-intel load`, then run `dbt build`"
_COLOURS = {"green": "green", "amber": "yellow", "red": "red", "grey": "bright_black"}
_METRICS = "select distinct metric_id, name from marts.executive_scorecard where is_current order by metric_id"
_COUNTINGS = {
    "numerator": "in the numerator",
    "both": "in numerator and denominator",
    "denominator": "in the denominator alone",
    "value": "values of the median or percentile",
    "excluded": "excluded",
    "none": "none",
}
_TRENDS = {"better": "↗ better", "worse": "↘ worse", "same": "→ same", "unknown": ""}


@click.command()
@click.option(
    "--weeks-ago", type=click.IntRange(0, 13), default=1, show_default=True, help="0 is the week in progress."
)
@click.option(
    "--evidence",
    "metric_id",
    metavar="METRIC",
    help="Print what is behind that metric instead, by id or name.",
)
@warehouse_option
@lock_timeout_option
@json_option
def scorecard(
    weeks_ago: int, metric_id: str | None, warehouse_flag: str | None, lock_timeout: float, as_json: bool
) -> None:
    """
    Print the executive scorecard of the latest complete week, as `dbt build` computed it.

    Real and simulated evidence are shown apart. Grey is unknown, and says why: it is never a pass.
    With --evidence, the runs, deployments, checks or reports that a metric was counted from, and what
    was excluded and why, each with the _event_id that `ci-intel show` prints; of the last four complete weeks.
    """
    opened = read_warehouse(warehouse_flag, lock_timeout)
    try:
        rows = _week(opened, weeks_ago) if metric_id is None else _evidence(opened, metric_id, weeks_ago)
    except WarehouseUnavailable as error:
        raise NotFound("this warehouse has no scorecard yet: run `dbt build`") from error
    finally:
        opened.close()
    if as_json:
        for row in rows:
            click.echo(orjson.dumps(row))
        return
    if metric_id is not None:
        _print_evidence(rows)
        return
    for is_simulated in (False, True):
        _print_fleet([row for row in rows if row["is_simulated"] is is_simulated], is_simulated=is_simulated)


def _week(warehouse: Warehouse, weeks_ago: int) -> Sequence[Row]:
    rows = warehouse.query(_WEEK, {"weeks_ago": weeks_ago})
    if not rows:
        raise NotFound(_EMPTY)
    return rows


def _evidence(warehouse: Warehouse, wanted: str, weeks_ago: int) -> Sequence[Row]:
    metric_id = _metric_id(wanted, {row["metric_id"]: row["name"] for row in warehouse.query(_METRICS, {})})
    rows = warehouse.query(_EVIDENCE, {"metric_id": metric_id, "weeks_ago": weeks_ago})
    if not rows:
        raise NotFound(
            f"the scorecard has no evidence of {metric_id} in that week: evidence is kept of the last four complete "
            "weeks (--weeks-ago 1 to 4)"
        )
    return rows


def _metric_id(wanted: str, names: Mapping[str, str]) -> str:
    """Return the metric that is meant by its id, or by its name as the scorecard prints it, in any case."""
    if not names:
        raise NotFound(_EMPTY)
    meant = {_plain(word): metric_id for metric_id, name in names.items() for word in (name, metric_id)}
    if _plain(wanted) in meant:
        return meant[_plain(wanted)]
    import difflib

    near = dict.fromkeys(meant[word] for word in difflib.get_close_matches(_plain(wanted), meant))
    which = f"is it {' or '.join(near)}?" if near else f"there is {', '.join(names)}."
    raise NotFound(f"the scorecard has no metric {wanted!r}: {which} `ci-intel metrics` lists the metrics")


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").split())


def _print_evidence(rows: Sequence[Row]) -> None:
    for is_simulated in (False, True):
        of_origin = [row for row in rows if row["is_simulated"] is is_simulated]
        if not of_origin:
            continue
        first = of_origin[0]
        origin = "simulated fleet" if is_simulated else "real evidence"
        click.echo(f"{origin}, week of {first['week_start_date']}: {first['name']} ({first['status']})")
        for counting in dict.fromkeys(row["counting"] for row in of_origin):
            group = [row for row in of_origin if row["counting"] == counting]
            more = f", the first {_SHOWN}" if len(group) > _SHOWN else ""
            click.echo(f"  {_COUNTINGS[counting]}: {len(group)}{more}")
            for row in group[:_SHOWN]:
                _print_thing(row)


def _print_thing(row: Row) -> None:
    moment = f"{row['happened_at']:%Y-%m-%d %H:%M} " if row["happened_at"] else ""
    click.echo(f"    {moment}{row['repository']}: {row['subject'] or 'no evidence'}. {row['why']}")
    place = row["_event_id"] or row["_load_id"]
    if place:
        click.echo(f"      ci-intel show {place}")


def _print_fleet(rows: Sequence[Row], *, is_simulated: bool) -> None:
    if not rows:
        return
    week = f"week of {rows[0]['week_start_date']}" + ("" if rows[0]["is_complete"] else ", in progress")
    origin = "simulated fleet" if is_simulated else "real evidence"
    if all(row["status"] == "grey" for row in rows) and len({row["why"] for row in rows}) == 1:
        click.echo(f"{origin}, {week}: all {len(rows)} metrics are grey. {rows[0]['why']}")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{origin}, {week}", title_justify="left", box=None, pad_edge=False, header_style="dim")
    for heading in ("", "", "", "", "four weeks", "owner"):
        table.add_column(heading, no_wrap=True)
    pillar = None
    for row in rows:
        colour = _COLOURS[row["status"]]
        shown = row["pillar"] if row["pillar"] != pillar else ""
        pillar = row["pillar"]
        status = f"[{colour}]● {row['status']}[/{colour}]"
        table.add_row(shown, status, row["name"], row["why"], _TRENDS[row["trend"]], row["owner"])
    # As wide as it has to be: a terminal wraps a line better than a table folds a cell.
    Console(width=300).print(table)
