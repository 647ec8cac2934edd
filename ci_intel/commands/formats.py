"""`ci-intel formats`: the reports that are understood."""

from __future__ import annotations

import inspect
import sys

import click
import orjson

from ci_intel.commands.options import json_option
from ingest.readers import FORMATS, reader


@click.command()
@json_option
def formats(as_json: bool) -> None:
    """List the reports that are understood, what they become, and what they do not say themselves."""
    for name in FORMATS:
        found = reader(name)
        about = inspect.getdoc(sys.modules[f"ingest.readers.{name}"]) or ""
        summary = about.partition("\n\n")[0].replace("\n", " ")
        topics = "every contract" if name == "hub" else ", ".join(found.topics)
        if as_json:
            fields = {
                "format": name,
                "version": found.version,
                "topics": found.topics,
                "outside": found.outside,
                "needs": found.needs,
            }
            click.echo(orjson.dumps({**fields, "summary": summary}))
        else:
            needs = f"; needs {', '.join(found.needs)} from outside" if found.needs else ""
            click.echo(f"{name:<15} {summary}")
            click.echo(f"{'':<15} → {topics}{needs}")
