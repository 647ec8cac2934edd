"""`ci-intel reload`: archived evidence, read again."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ci_intel import settings
from ci_intel.commands.options import (
    archive_folder,
    archive_option,
    json_option,
    limit_options,
    lock_timeout_option,
    open_warehouse,
    warehouse_option,
)
from ci_intel.commands.reports import Tally, print_report
from ci_intel.errors import HubError, WarehouseUnavailable
from ingest import load as loading
from ingest.archive import Archive
from ingest.readers import FORMATS, reader
from ingest.warehouse import Row

if TYPE_CHECKING:
    from ingest.evidence import Limits

_NEWEST = (
    "select * from raw.loads qualify generation = max(generation) over (partition by load_id) order by committed_at"
)


@click.command()
@click.argument("load_ids", nargs=-1)
@click.option("--format", "format_name", type=click.Choice(FORMATS), help="All loads of this format.")
@click.option("--rejected", "wants_rejected", is_flag=True, help="All loads that had rejected events.")
@click.option(
    "--outdated", "wants_outdated", is_flag=True, help="All loads that an older version of their reader read."
)
@click.option("--all", "wants_all", is_flag=True, help="All loads.")
@click.option(
    "--max-rejected",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Bad events to put up with before the exit code is 1.",
)
@warehouse_option
@archive_option
@lock_timeout_option
@limit_options
@json_option
def reload(
    load_ids: tuple[str, ...],
    format_name: str | None,
    wants_rejected: bool,
    wants_outdated: bool,
    wants_all: bool,
    max_rejected: int,
    warehouse_flag: str | None,
    archive: Path | None,
    lock_timeout: float,
    limits: Limits,
    as_json: bool,
) -> None:
    """
    Read archived evidence again, after a reader or a contract was fixed.

    Each load gets a new generation, which supersedes the older ones in one commit; the next
    `dbt build` reads only that. LOAD_IDS may be given by their beginnings.
    """
    if not (load_ids or format_name or wants_rejected or wants_outdated or wants_all):
        raise click.UsageError("say which: LOAD_IDS, --format, --rejected, --outdated or --all")
    url = settings.warehouse_url(warehouse_flag, os.environ) or settings.DEFAULT_WAREHOUSE
    kept = Archive(archive_folder(archive, url))
    tally = Tally(max_rejected)
    warehouse = open_warehouse(url, lock_timeout=lock_timeout, on_wait=lambda text: click.echo(text, err=True))
    try:
        loading.prepare_warehouse(warehouse, datetime.now(UTC))
        for row in warehouse.query(_NEWEST):
            if not _is_wanted(row, load_ids, format_name, wants_rejected, wants_outdated, wants_all):
                continue
            try:
                with kept.content(row["content_sha256"], limits) as evidence:
                    report = loading.reload_file(evidence, row, warehouse, loading.Options(), now=datetime.now(UTC))
            except WarehouseUnavailable:
                raise
            except HubError as error:
                click.echo(f"{row['source_name']}: {error}", err=True)
                tally.add_failure()
                continue
            print_report(report, as_json=as_json)
            tally.add(report, is_named=True)
    finally:
        warehouse.close()
    tally.print_sum(as_json=as_json)
    if not tally.files and not tally.failures and not as_json:
        click.echo("no load matches", err=True)
    sys.exit(tally.exit_code)


def _is_wanted(
    row: Row,
    load_ids: tuple[str, ...],
    format_name: str | None,
    wants_rejected: bool,
    wants_outdated: bool,
    wants_all: bool,
) -> bool:
    """Tell whether a load is meant: by its id, or by all that the options say of it."""
    if load_ids and not row["load_id"].startswith(load_ids):
        return False
    if format_name and row["format"] != format_name:
        return False
    if wants_rejected and not row["rejected_event_count"]:
        return False
    is_known = row["format"] in FORMATS
    if wants_outdated and not (is_known and row["reader_version"] < reader(row["format"]).version):
        return False
    return is_known or wants_all or bool(load_ids)
