"""`ci-intel rejects`: the events, and with --files the files, that could not be loaded, and why."""

from __future__ import annotations

import click
import orjson

from ci_intel.commands.options import json_option, lock_timeout_option, read_warehouse, warehouse_option

_EVENTS = """
    select
        loads.source_name, rejects.line, rejects.code, rejects.pointer, rejects.message,
        rejects.content, rejects.byte_offset, rejects.load_id, rejects.loaded_at
    from raw.rejects as rejects
    inner join raw.loads as loads
        on rejects.load_id = loads.load_id and rejects.generation = loads.generation
    where
        starts_with(rejects.load_id, $load_id)
        and not exists (
            select 1 from raw.loads as newer
            where newer.load_id = loads.load_id and newer.generation > loads.generation
        )
    order by rejects.loaded_at desc, rejects.load_id, rejects.line
    limit $limit
"""
_FILES = """
    select source_name, status, code, message, format, content_sha256, repository, refused_at
    from raw.refusals
    order by refused_at desc, source_name
    limit $limit
"""


@click.command()
@click.argument("load_id", default="")
@click.option(
    "--files",
    "wants_files",
    is_flag=True,
    help="Show the files that were refused or not recognised, instead.",
)
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="The newest so many.")
@warehouse_option
@lock_timeout_option
@json_option
def rejects(
    load_id: str,
    wants_files: bool,
    limit: int,
    warehouse_flag: str | None,
    lock_timeout: float,
    as_json: bool,
) -> None:
    """
    Show the events that were rejected, newest first, and why; of one load, if LOAD_ID (or its beginning) is given.

    Each begins with the place that `ci-intel show` takes. What a reload has read well since is no longer listed.
    """
    opened = read_warehouse(warehouse_flag, lock_timeout)
    try:
        rows = (
            opened.query(_FILES, {"limit": limit})
            if wants_files
            else opened.query(_EVENTS, {"load_id": load_id, "limit": limit})
        )
    finally:
        opened.close()
    for row in rows:
        if as_json:
            click.echo(orjson.dumps(row))
        elif wants_files:
            click.echo(f"{row['source_name']}: {row['message']} [{row['code']}]")
        else:
            place = f"{row['load_id'][:12]}:{row['line']}"
            click.echo(f"{place}  {row['source_name']}:{row['line']}: {row['message']} [{row['code']}]")
    if not rows and not as_json:
        click.echo("none")
