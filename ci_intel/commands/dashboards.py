"""`ci-intel dashboards`: the dashboards as code, checked and made ready for Superset."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import click
import orjson

from ci_intel import settings
from ci_intel.commands.options import json_option
from ci_intel.errors import HubError, NotFound

# What `ci-intel publish` writes, unless it is told otherwise.
PUBLISHED = "warehouse/published/hub.duckdb"

folder_option = click.option(
    "--assets",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the dashboards; by default those that the hub ships.",
)


@click.group()
def dashboards() -> None:
    """Check the dashboards that are in git, and make them ready for Superset."""


@dashboards.command()
@click.option(
    "--manifest",
    type=click.Path(path_type=Path),
    default="target/manifest.json",
    show_default=True,
    help="dbt's manifest, as `dbt parse` writes it.",
)
@folder_option
@json_option
def lint(manifest: Path, folder: Path | None, as_json: bool) -> None:
    """
    Hold the dashboards against dbt's manifest: every dataset a mart, every column and type as there.

    Each chart has to be placed once, and no metric may compute more than a sum or a ratio of sums.
    Exits 1 if something is wrong, 3 if there is no manifest.
    """
    try:
        from dashboards.lint import problems
    except ModuleNotFoundError as error:
        raise HubError(f"{error.name} is missing: install ci-intelligence-hub[dashboards]") from error
    from dashboards.assets import read_assets
    from dashboards.marts import read_marts

    assets = read_assets(folder)
    found = problems(assets, read_marts(manifest))
    for problem in found:
        if as_json:
            click.echo(orjson.dumps({"path": problem.path, "message": problem.message}))
        else:
            click.echo(f"{problem.path}: {problem.message}", err=True)
    if found:
        raise SystemExit(1)
    if not as_json:
        click.echo(f"{len(assets.dashboards)} dashboards, {len(assets.charts)} charts: nothing is wrong")


@dashboards.command()
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The zip to write.")
@click.option(
    "--database",
    required=True,
    help="duckdb:////absolute/path/of/hub.duckdb as Superset sees it, or bigquery://project/dataset.",
)
@folder_option
def bundle(out: Path, database: str, folder: Path | None) -> None:
    """Write the zip that Superset imports (POST /api/v1/assets/import/); the same assets give the same bytes."""
    from dashboards.assets import read_assets
    from dashboards.bundle import bundle as packed

    content = packed(database, read_assets(folder))
    try:
        out.write_bytes(content)
    except OSError as error:
        raise HubError(f"{out}: cannot be written: {error.strerror}") from error
    click.echo(f"{out}: {len(content)} bytes")


@dashboards.command()
@click.option("--check", is_flag=True, help="Only say whether the file is current; exit 1 if it is not.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default="models/exposures.yml",
    show_default=True,
    help="The file of dbt to write or to check.",
)
@folder_option
def exposures(check: bool, out: Path, folder: Path | None) -> None:
    """Write dbt's exposures: which marts each dashboard reads."""
    from dashboards.assets import read_assets
    from dashboards.exposures import exposures as written

    content = written(read_assets(folder))
    if check:
        if not out.is_file() or out.read_text(encoding="utf-8") != content:
            raise NotFound(f"{out} is not what the dashboards read: run `ci-intel dashboards exposures`")
        click.echo(f"{out} is current")
        return
    try:
        out.write_text(content, encoding="utf-8")
    except OSError as error:
        raise HubError(f"{out}: cannot be written: {error.strerror}") from error
    click.echo(f"{out}: written")


@dashboards.command()
@click.option("--url", required=True, metavar="URL", help="Where Superset is, such as https://superset.example.org.")
@click.option(
    "--database-uri",
    metavar="URI",
    help="The marts as Superset sees them: duckdb:////absolute/path/of/hub.duckdb, or bigquery://project/dataset. "
    "By default the configured BigQuery warehouse, or the published file if Superset is on this machine.",
)
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Only say what would change.")
@folder_option
@json_option
def sync(url: str, database_uri: str | None, is_dry_run: bool, folder: Path | None, as_json: bool) -> None:
    """
    Bring the dashboards into a Superset of yours: what git has is there, and what left git goes.

    Only what is the hub's is changed or removed. Who asks is in the environment: CI_INTEL_SUPERSET_USER and
    CI_INTEL_SUPERSET_PASSWORD, or CI_INTEL_SUPERSET_TOKEN.
    """
    try:
        from dashboards.client import Client, Credentials
    except ModuleNotFoundError as error:
        raise HubError(f"{error.name} is missing: install ci-intelligence-hub[dashboards]") from error
    from dashboards.assets import read_assets
    from dashboards.bundle import bundle as packed
    from dashboards.sync import sync as brought

    content = packed(database_uri or _database_uri(url), read_assets(folder))
    with Client(url, Credentials.of(os.environ)) as client:
        changes = brought(client, content, is_dry_run=is_dry_run)
    for change in changes:
        if as_json:
            click.echo(orjson.dumps(change))
        elif change.action != "update":
            click.echo(
                f"{change.action:<6} {change.kind} {change.name}" + (f": {change.reason}" if change.reason else "")
            )
    if not as_json:
        counts = Counter(change.action for change in changes)
        counted = ", ".join(f"{action} {count}" for action, count in sorted(counts.items()))
        click.echo(f"{url}: {'would ' if is_dry_run else ''}{counted}")


def _database_uri(url: str) -> str:
    """Return where Superset finds the marts if nobody says: there is one place that it can be, or none."""
    warehouse = settings.warehouse_url(None, os.environ) or settings.DEFAULT_WAREHOUSE
    if warehouse.startswith(settings.BIGQUERY):
        return warehouse
    if urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1"):
        return f"duckdb:///{Path(PUBLISHED).absolute()}"
    raise click.UsageError("--database-uri is needed: where does that Superset find the marts?")
