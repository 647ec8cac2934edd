"""`ci-intel warehouse`: the raw tables."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from ci_intel import settings
from ci_intel.commands.options import create_dataset_option, lock_timeout_option, open_warehouse, warehouse_option
from ci_intel.words import counted
from ingest import load as loading
from ingest import topics
from ingest.tables import Table


@click.group()
def warehouse() -> None:
    """Create or extend the raw tables; every load does so by itself."""


@warehouse.command()
@warehouse_option
@click.option("--new", "is_new", is_flag=True, help="As for a new warehouse, without connecting to any.")
@lock_timeout_option
def plan(warehouse_flag: str | None, is_new: bool, lock_timeout: float) -> None:
    """
    Print the statements that `init`, or the next load, would run; nothing is changed.

    For review, or for those who create tables by other means.
    """
    url = settings.warehouse_url(warehouse_flag, os.environ) or settings.DEFAULT_WAREHOUSE
    statements = _planned_for_new(url) if is_new else _planned(url, lock_timeout)
    for statement in statements:
        click.echo(f"{statement};")
    if not statements:
        click.echo(f"-- {url}: up to date", err=True)


@warehouse.command()
@warehouse_option
@create_dataset_option
@lock_timeout_option
def init(warehouse_flag: str | None, creates_datasets: bool, lock_timeout: float) -> None:
    """
    Create the raw tables of all topics, or add what a newer version needs.

    Only ever adds: tables and columns, never a change of what is there.
    """
    url = settings.warehouse_url(warehouse_flag, os.environ) or settings.DEFAULT_WAREHOUSE
    opened = open_warehouse(url, lock_timeout=lock_timeout, creates_datasets=creates_datasets)
    try:
        statements = loading.prepare_warehouse(opened, datetime.now(UTC))
    finally:
        opened.close()
    created = sum(statement.startswith("create table") for statement in statements)
    added = sum(statement.startswith("alter table") for statement in statements)
    click.echo(
        f"{url}: {counted(created, 'table')} created, {counted(added, 'column')} added"
        if statements
        else f"{url}: up to date"
    )


def _planned(url: str, lock_timeout: float) -> Sequence[str]:
    if not url.startswith(settings.BIGQUERY) and not settings.duckdb_path(url).exists():
        return _planned_for_new(url)
    opened = open_warehouse(url, lock_timeout=lock_timeout, is_read_only=True)
    try:
        return opened.plan(_declared())
    finally:
        opened.close()


def _planned_for_new(url: str) -> Sequence[str]:
    if url.startswith(settings.BIGQUERY):
        from ingest.warehouse import googlesql

        return googlesql.missing(googlesql.address_of(url), _declared(), {})
    from ingest.warehouse import duckdb

    return duckdb.missing(url, _declared(), {})


def _declared() -> Sequence[Table]:
    return [table for topic in topics.all_topics().values() for table in topic.tables]
