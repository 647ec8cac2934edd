"""`ci-intel attention`: the open matters, as the mart has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import orjson

from ci_intel.commands.options import json_option, lock_timeout_option, read_warehouse, warehouse_option
from ci_intel.errors import NotFound, WarehouseUnavailable
from ci_intel.words import counted
from ingest.warehouse import Row

_MATTERS = """
    select
        is_simulated, rank_number, severity, kind, repository, subject, sentence, since_at, age_days, size_value,
        size_unit, times_allowed, owner, next_step, source_mart, source_filter
    from marts.attention
    order by is_simulated, rank_number
"""
_COLOURS = {"critical": "red", "high": "yellow", "medium": "cyan", "low": "bright_black"}


@click.command()
@click.option("--top", type=click.IntRange(min=1), help="Only so many of each origin, the first ones.")
@warehouse_option
@lock_timeout_option
@json_option
def attention(top: int | None, warehouse_flag: str | None, lock_timeout: float, as_json: bool) -> None:
    """
    Print what needs attention, most pressing first, as `dbt build` found it.

    Each matter says since when it is open, whose it is, what to do next, and where its rows are.
    Matters of real and of simulated evidence are ranked apart. No matter is ticked off here: it
    closes when what it says is no longer so.
    """
    rows = _rows(warehouse_flag, lock_timeout)
    for is_simulated in (False, True):
        of_origin = [row for row in rows if row["is_simulated"] is is_simulated]
        shown = of_origin[:top]
        if as_json:
            for row in shown:
                click.echo(orjson.dumps(row))
        else:
            _print_origin(shown, len(of_origin), is_simulated=is_simulated)


def _rows(warehouse_flag: str | None, lock_timeout: float) -> Sequence[Row]:
    opened = read_warehouse(warehouse_flag, lock_timeout)
    try:
        return opened.query(_MATTERS, {})
    except WarehouseUnavailable as error:
        raise NotFound("this warehouse does not know yet what needs attention: run `dbt build`") from error
    finally:
        opened.close()


def _print_origin(shown: Sequence[Row], count: int, *, is_simulated: bool) -> None:
    if is_simulated and not shown:
        return
    origin = "simulated fleet" if is_simulated else "real evidence"
    more = f", the first {len(shown)} of {count}" if len(shown) < count else ""
    click.echo(f"{origin}: {_open_matters(count)}{more}")
    for row in shown:
        _print_matter(row)


def _open_matters(count: int) -> str:
    if count == 0:
        return "nothing is open"
    return counted(count, "open matter")


def _print_matter(row: dict[str, Any] | Row) -> None:
    severity = click.style(f"{row['severity']:<8}", fg=_COLOURS[row["severity"]])
    click.echo(f"{row['rank_number']:>3}. {severity} {row['sentence']}")
    click.echo(f"{'':14}{row['owner']}, since {row['since_at']:%Y-%m-%d}: {row['next_step']}")
    click.echo(f"{'':14}{_place(row)}")


def _place(row: dict[str, Any] | Row) -> str:
    """Return where the rows behind a matter are; of a metric that is what it was counted from, not its own row."""
    if row["source_mart"] == "executive_scorecard":
        return f"ci-intel scorecard --evidence {row['subject']}"
    return f"marts.{row['source_mart']} where {row['source_filter']}"
