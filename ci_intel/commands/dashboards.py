"""`ci-intel dashboards`: the dashboards as code, checked and made ready for Superset."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from ci_intel.commands.options import json_option
from ci_intel.errors import HubError, NotFound

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
