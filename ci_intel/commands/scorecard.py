"""`ci-intel scorecard`: the executive scorecard, as the mart has it."""

from __future__ import annotations

from collections.abc import Sequence

import click
import orjson

from ci_intel.commands.options import json_option, lock_timeout_option, read_warehouse, warehouse_option
from ci_intel.errors import NotFound, WarehouseUnavailable
from ingest.warehouse import Row

_WEEK = """
    select
        is_simulated, week_start_date, is_complete, pillar, metric_id, metric_version, name, status, why, trend, owner,
        metric_value, unit, target, numerator, denominator, change_over_four_weeks, grey_reason, revision,
        restated_at, restatement_reason
    from marts.executive_scorecard
    where weeks_ago = $weeks_ago and is_current
    order by is_simulated, pillar, name
"""
_COLOURS = {"green": "green", "amber": "yellow", "red": "red", "grey": "bright_black"}
_TRENDS = {"better": "↗ better", "worse": "↘ worse", "same": "→ same", "unknown": ""}


@click.command()
@click.option(
    "--weeks-ago", type=click.IntRange(0, 13), default=1, show_default=True, help="0 is the week in progress."
)
@warehouse_option
@lock_timeout_option
@json_option
def scorecard(weeks_ago: int, warehouse_flag: str | None, lock_timeout: float, as_json: bool) -> None:
    """
    Print the executive scorecard of the latest complete week, as `dbt build` computed it.

    Real and simulated evidence are shown apart. Grey is unknown, and says why: it is never a pass.
    """
    rows = _rows(weeks_ago, warehouse_flag, lock_timeout)
    if as_json:
        for row in rows:
            click.echo(orjson.dumps(row))
        return
    for is_simulated in (False, True):
        _print_fleet([row for row in rows if row["is_simulated"] is is_simulated], is_simulated=is_simulated)


def _rows(weeks_ago: int, warehouse_flag: str | None, lock_timeout: float) -> Sequence[Row]:
    opened = read_warehouse(warehouse_flag, lock_timeout)
    try:
        rows = opened.query(_WEEK, {"weeks_ago": weeks_ago})
    except WarehouseUnavailable as error:
        raise NotFound("this warehouse has no scorecard yet: run `dbt build`") from error
    finally:
        opened.close()
    if not rows:
        raise NotFound("the scorecard is empty: load evidence with `ci-intel load`, then run `dbt build`")
    return rows


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
    Console(width=160).print(table)
