"""`ci-intel simulate`: the evidence of a simulated fleet."""

from __future__ import annotations

import shlex
from datetime import UTC, date, datetime
from pathlib import Path

import click
import orjson

from ci_intel.commands.options import json_option
from ci_intel.words import counted
from simulate.evidence import write
from simulate.fleet import FLEET
from simulate.stories import STORIES
from simulate.world import World


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where to write; an earlier simulation in it is replaced.",
)
@click.option(
    "--days", type=click.IntRange(1, 730), default=90, show_default=True, help="How many days, each of them complete."
)
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another past.")
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day from which one looks back: evidence ends with the midnight (UTC) at which it begins. Default: today.",
)
@click.option("--force", is_flag=True, help="Write into DIR even if it holds other files; those of the same names go.")
@click.option("--list-stories", is_flag=True, help="Print the stories, and write nothing.")
@json_option
def simulate(
    out: Path | None,
    days: int,
    seed: int,
    until: datetime | None,
    force: bool,
    list_stories: bool,
    as_json: bool,
) -> None:
    """
    Write the evidence of a simulated fleet: events of every contract, with stories in them.

    Its repositories are owned by `simulated/`, which is how everything downstream labels them.
    The same days, seed and date give the same bytes, at any hour of the day.
    """
    today = datetime.now(UTC).date()
    world = World(days, seed, until.date() if until else today)
    if world.until > today:
        raise click.BadParameter(f"{world.until} is in the future; the loader would reject it", param_hint="--until")
    if list_stories:
        _print_stories(world.until, as_json=as_json)
        return
    if out is None:
        raise click.UsageError("say where to write: --out DIR")
    if not as_json:
        click.echo(f"simulating {len(FLEET)} repositories, {world.first} to {world.until} (seed {seed}) …", err=True)
    files = write(world, out, is_forced=force)
    if as_json:
        for file in files:
            fields = {"topic": file.topic, "file": str(file.path), "events": file.events, "bytes": file.bytes}
            click.echo(orjson.dumps(fields))
        return
    for file in files:
        click.echo(f"{file.topic:<20} {file.events:>7,} events  {file.path}")
    events, size = sum(file.events for file in files), sum(file.bytes for file in files)
    click.echo(f"{counted(len(files), 'file')}, {counted(events, 'event')}, {size / 1e6:,.1f} MB; all of it simulated")
    click.echo(
        f"next: ci-intel load {shlex.quote(str(out))} && dbt build; the stories: ci-intel simulate --list-stories"
    )


def _print_stories(until: date, *, as_json: bool) -> None:
    for story in STORIES.values():
        if as_json:
            fields = {
                "story": story.name,
                "repository": story.repository,
                "when": story.when(until),
                "mart": story.mart,
                "text": story.text,
            }
            click.echo(orjson.dumps(fields))
        else:
            click.echo(f"{story.name:<26} {story.repository:<26} {story.when(until):<24} → {story.mart}")
            click.echo(f"    {story.text}")
