"""`ci-intel metrics`: the metric catalogue."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import orjson

from ci_intel import metrics as metric_catalogue
from ci_intel.commands.options import json_option


@click.command()
@click.option("--markdown", "as_markdown", is_flag=True, help="Print docs/metrics.md.")
@click.option(
    "--check",
    "page",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Exit with 1 if this page is not what --markdown prints.",
)
@json_option
def metrics(as_markdown: bool, page: Path | None, as_json: bool) -> None:
    """
    List the metrics: what each means, in which version, and which way is better.

    The seeds `metric_definitions` and `targets` are the only place of definitions; this command
    renders them, dbt builds with them.
    """
    found = metric_catalogue.catalogue()
    rendered = metric_catalogue.as_markdown(found)
    if page is not None:
        if page.read_text(encoding="utf-8").rstrip("\n") != rendered:
            click.echo(f"{page}: is not what the seeds say: run `ci-intel metrics --markdown > {page}`", err=True)
            sys.exit(1)
        return
    if as_markdown:
        click.echo(rendered)
        return
    for metric in found:
        if as_json:
            click.echo(orjson.dumps(metric.as_json()))
        else:
            click.echo(f"{metric.metric_id:<28} v{metric.metric_version}  {metric.pillar:<12} {metric.name}")
