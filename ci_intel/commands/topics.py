"""`ci-intel topics`: the contracts."""

from __future__ import annotations

import sys

import click
import orjson

from ci_intel import compatibility, contracts
from ci_intel.commands.options import json_option


@click.command()
@click.argument("name", required=False)
@click.option(
    "--check",
    "wants_check",
    is_flag=True,
    help="Prove that each minor version accepts what the one before it accepted; exit 1 where it does not.",
)
@json_option
def topics(name: str | None, wants_check: bool, as_json: bool) -> None:
    """
    List the contracts: which events there are, in which versions, and the raw tables they become.

    With the NAME of a contract, such as deployment.v1.0, print its JSON Schema.
    """
    if wants_check:
        sys.exit(_check(as_json=as_json))
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


def _check(*, as_json: bool) -> int:
    """Print where a contract is not compatible with the version before it; return the exit code."""
    found = list(compatibility.broken_promises())
    for contract, violation in found:
        if as_json:
            fields = {"contract": contract.name, "pointer": violation.pointer, "message": violation.message}
            click.echo(orjson.dumps(fields))
        else:
            click.echo(f"{contract.name}: {violation.pointer or '/'}: {violation.message}", err=True)
    if not found and not as_json:
        click.echo("every minor version accepts what the one before it accepted")
    return 1 if found else 0
