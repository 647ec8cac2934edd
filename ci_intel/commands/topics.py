"""`ci-intel topics`: the contracts."""

from __future__ import annotations

import click
import orjson

from ci_intel import contracts
from ci_intel.commands.options import json_option


@click.command()
@click.argument("name", required=False)
@json_option
def topics(name: str | None, as_json: bool) -> None:
    """
    List the contracts: which events there are, in which versions, and the raw tables they become.

    With the NAME of a contract, such as deployment.v1.0, print its JSON Schema.
    """
    if name is not None:
        if name not in contracts.contracts():
            raise click.BadParameter(f"no contract is called {name!r}; known: {', '.join(contracts.contracts())}")
        click.echo(contracts.contracts()[name].path.read_text().rstrip())
        return
    for topic in contracts.topics().values():
        versions = [contract.version for contract in topic.contracts]
        if as_json:
            click.echo(
                orjson.dumps(
                    {
                        "topic": topic.name,
                        "summary": topic.summary,
                        "owner": topic.owner,
                        "versions": versions,
                        "raw_tables": topic.raw_tables,
                    }
                )
            )
        else:
            click.echo(f"{topic.name:<20} {', '.join(versions):<12} {topic.summary}")
            click.echo(f"{'':<33} → raw.{', '.join(topic.raw_tables)}")
