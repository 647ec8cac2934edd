"""`ci-intel publish`: the marts, in a file that dashboards read."""

from __future__ import annotations

import os
from pathlib import Path

import click
import orjson

from ci_intel import settings
from ci_intel.commands.options import json_option, lock_timeout_option, warehouse_option
from dashboards.publish import DEFAULT_OUT, Published
from dashboards.publish import publish as publish_marts


@click.command()
@warehouse_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_OUT,
    show_default=True,
    help="The file that dashboards read.",
)
@lock_timeout_option
@json_option
def publish(warehouse_flag: str | None, out: Path, lock_timeout: float, as_json: bool) -> None:
    """
    Copy the marts into a file of their own, which dashboards read while the next build writes.

    The file changes at once or not at all: who reads sees the old marts or the new ones, whole. A BigQuery
    warehouse needs no publishing.
    """
    url = settings.warehouse_url(warehouse_flag, os.environ) or settings.DEFAULT_WAREHOUSE
    if url.startswith(settings.BIGQUERY):
        _say_not_needed(url, as_json)
        return
    published = publish_marts(
        settings.duckdb_path(url),
        out,
        lock_timeout=lock_timeout,
        on_wait=lambda message: click.echo(message, err=True),
    )
    click.echo(orjson.dumps(_for_machines(published)) if as_json else _for_people(published))


def _say_not_needed(url: str, as_json: bool) -> None:
    dataset = f"{url.removeprefix(settings.BIGQUERY).replace('/', '.')}_marts"
    if as_json:
        click.echo(orjson.dumps({"status": "not needed", "dataset": dataset}))
        return
    click.echo(
        f"nothing to publish: BigQuery serves readers while a build writes. Let the dashboards' account read {dataset}."
    )


def _for_machines(published: Published) -> dict[str, object]:
    return {
        "status": "published",
        "path": str(published.path),
        "bytes": published.size_bytes,
        "as_of": published.as_of,
        "tables": published.rows,
    }


def _for_people(published: Published) -> str:
    as_of = f"{published.as_of:%Y-%m-%d %H:%M} UTC" if published.as_of else "an unknown moment"
    return (
        f"{published.path}: {len(published.rows)} marts, {sum(published.rows.values()):,} rows, "
        f"{published.size_bytes / 1e6:.1f} MB; evidence up to {as_of}"
    )
