"""`ci-intel show`: from a number back to the bytes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click
import orjson

from ci_intel import settings
from ci_intel.commands.options import (
    archive_folder,
    archive_option,
    lock_timeout_option,
    open_warehouse,
    warehouse_option,
)
from ci_intel.errors import NotFound
from ingest.archive import Archive
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Malformed, hub, reader
from ingest.warehouse import Row

_CONTEXT = ("provider", "repository", "run_id", "run_attempt", "commit_sha", "job")


@click.command()
@click.argument("place", metavar="LOAD_ID[:LINE]")
@warehouse_option
@archive_option
@lock_timeout_option
def show(place: str, warehouse_flag: str | None, archive: Path | None, lock_timeout: float) -> None:
    """
    Print the evidence behind a load, byte for byte; with :LINE that line of it.

    Of a report that is not read line by line, :LINE is the ordinal of an event (`_source_line`), and
    the event is printed as the hub understood it. The beginning of a LOAD_ID is enough, and an
    `_event_id` (LOAD_ID:GENERATION:LINE), as models carry it, may be pasted whole.
    """
    load_id, _, rest = place.partition(":")
    line = rest.rpartition(":")[2]
    if line and not line.isdecimal():
        raise click.BadParameter(f"{line!r} is not a line number; write LOAD_ID:LINE")
    url = settings.warehouse_url(warehouse_flag, os.environ) or settings.DEFAULT_WAREHOUSE
    known = _ledger_row(load_id, url, lock_timeout)
    with Archive(archive_folder(archive, url)).content(known["content_sha256"]) as evidence:
        blocks = _line(evidence, known, int(line)) if line else evidence.blocks()
        output = sys.stdout.buffer
        for block in blocks:
            output.write(block)


def _ledger_row(load_id: str, url: str, lock_timeout: float) -> Row:
    warehouse = open_warehouse(url, lock_timeout=lock_timeout, is_read_only=True)
    try:
        rows = warehouse.query(
            "select * from raw.loads where starts_with(load_id, $load_id) "
            "qualify generation = max(generation) over (partition by load_id) limit 2",
            {"load_id": load_id},
        )
    finally:
        warehouse.close()
    if not rows or not load_id:
        raise NotFound(f"no load is called {load_id!r} in {url}")
    if len(rows) > 1:
        raise NotFound(f"several loads begin with {load_id!r}; give more of it")
    return rows[0]


def _line(evidence: Evidence, known: Row, wanted: int) -> Iterator[bytes]:
    if known["format"] == hub.FORMAT and not hub.is_document(evidence):
        with evidence.content() as content:
            found = next(islice(content, wanted - 1, wanted), None) if wanted else None
    else:
        context = RunContext(**{name: known[name] for name in _CONTEXT})
        item = (
            next(islice(reader(known["format"]).read(evidence, context), wanted - 1, wanted), None) if wanted else None
        )
        if isinstance(item, Malformed):
            found = item.content + b"\n"
        else:
            found = None if item is None else orjson.dumps(item, option=orjson.OPT_INDENT_2) + b"\n"
    if not found:
        raise NotFound(f"{known['source_name']} has no line {wanted}")
    yield found
