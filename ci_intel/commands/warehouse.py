"""`ci-intel warehouse`: the raw tables."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click

from ci_intel import settings
from ci_intel.commands.options import lock_timeout_option, open_warehouse, warehouse_option
from ingest import load as loading


@click.group()
def warehouse() -> None:
    """Create or extend the raw tables; every load does so by itself."""


@warehouse.command()
@warehouse_option
@lock_timeout_option
def init(warehouse_flag: str | None, lock_timeout: float) -> None:
    """
    Create the raw tables of all topics, or add what a newer version needs.

    Only ever adds: tables and columns, never a change of what is there.
    """
    url = settings.warehouse_url(warehouse_flag, os.environ) or settings.DEFAULT_WAREHOUSE
    opened = open_warehouse(url, lock_timeout=lock_timeout)
    try:
        statements = loading.prepare_warehouse(opened, datetime.now(UTC))
    finally:
        opened.close()
    created = sum(statement.startswith("create table") for statement in statements)
    added = sum(statement.startswith("alter table") for statement in statements)
    click.echo(f"{url}: {created} tables created, {added} columns added" if statements else f"{url}: up to date")
