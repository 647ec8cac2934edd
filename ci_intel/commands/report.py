"""`ci-intel report`: the marts as one page, or as a weekly digest."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import click

from ci_intel.commands.options import lock_timeout_option, read_warehouse, warehouse_option
from ci_intel.errors import HubError, WarehouseUnavailable

FORMATS = ("html", "markdown", "slack")


def _web_address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or any(one in value for one in ' <>"\\\n\t'):
        raise click.BadParameter(f"{value!r} is not an address that begins with https:// or http://")
    return value


@click.command()
@click.option("--format", "format_name", type=click.Choice(FORMATS), default="html", show_default=True)
@click.option(
    "--out",
    "out_path",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    required=True,
    help="The file to write, or - for standard output. A file that is there is replaced whole, or not at all.",
)
@click.option(
    "--week",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Any day of the week to report on; by default of the latest complete one.",
)
@click.option("--origin", type=click.Choice(["real", "simulated"]), help="Only that evidence; by default both, apart.")
@click.option(
    "--dashboards-url", callback=_web_address, metavar="URL", help="Where the dashboards are, for a link to them."
)
@warehouse_option
@lock_timeout_option
def report(
    format_name: str,
    out_path: Path,
    week: datetime | None,
    origin: str | None,
    dashboards_url: str | None,
    warehouse_flag: str | None,
    lock_timeout: float,
) -> None:
    """
    Write a report of one week from the marts, for whom no server is needed.

    html is one page with the scorecard, what needs attention and the pictures of each domain; it
    asks nothing of any server. markdown and slack are a digest of the same: the reds, what changed,
    and what presses most. `--warehouse` may be a warehouse, or a published file of marts.
    """
    from dashboards.report.facts import read_facts

    opened = read_warehouse(warehouse_flag, lock_timeout)
    try:
        facts = read_facts(opened, week.date() if week else None, origin)
        if format_name == "html":
            from dashboards.report.page import html

            text = html(facts, opened, dashboards_url=dashboards_url)
        elif format_name == "markdown":
            from dashboards.report.markdown import markdown

            text = markdown(facts, dashboards_url=dashboards_url)
        else:
            from dashboards.report.slack import slack

            text = slack(facts, dashboards_url=dashboards_url)
    except WarehouseUnavailable as error:
        raise HubError(
            f"the marts cannot be read; if another version built them, run `dbt build` again ({error.message})"
        ) from error
    finally:
        opened.close()
    _write(out_path, text)


def _write(path: Path, text: str) -> None:
    if str(path) == "-":
        click.echo(text, nl=False)
        return
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            file.write(text)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
    except OSError as error:
        raise HubError(f"{path}: cannot be written: {error.strerror}") from error
    click.echo(f"{path}: {len(text.encode()):,} bytes")
