"""`ci-intel validate`: what a load would say, without a warehouse."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ci_intel.commands.options import context_options, context_policy_option, json_option, limit_options
from ci_intel.commands.reports import Tally, print_report
from ci_intel.errors import HubError, Refused
from ingest import context as contexts
from ingest import evidence as evidences
from ingest import load as loading
from ingest.beside import Neighbours
from ingest.context import RunContext
from ingest.context_policy import read_policy
from ingest.discover import STANDARD_INPUT, Found, discover, name_of
from ingest.readers import FORMATS

if TYPE_CHECKING:
    from ingest.evidence import Limits


@click.command()
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(FORMATS),
    help="Take the files for this format, whatever they look like.",
)
@context_options
@context_policy_option
@click.option(
    "--max-rejected",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Bad events to put up with before the exit code is 1.",
)
@limit_options
@json_option
def validate(
    paths: tuple[str, ...],
    format_name: str | None,
    provider: str | None,
    repository: str | None,
    run_id: str | None,
    run_attempt: int | None,
    commit_sha: str | None,
    job: str | None,
    context_policy: Path | None,
    max_rejected: int,
    limits: Limits,
    as_json: bool,
) -> None:
    """
    Check evidence without a warehouse: the same judgement, line by line, that a load would pass.

    Good for a sender's own tests. Nothing is written anywhere.
    """
    context = contexts.overridden(
        contexts.from_environment(os.environ),
        RunContext(provider, repository, run_id, run_attempt, commit_sha, job),
    )
    neighbours = Neighbours()
    options = loading.Options(context=context, format=format_name, policy=read_policy(context_policy))
    tally = Tally(max_rejected)
    for found in discover(paths):
        try:
            report = _judge(found, replace(options, context=neighbours.context_of(found, context)), limits)
        except HubError as error:
            click.echo(str(error), err=True)
            tally.add_failure()
            continue
        print_report(report, as_json=as_json)
        tally.add(report, is_named=found.is_named)
    tally.print_sum(as_json=as_json)
    sys.exit(tally.exit_code)


def _judge(found: Found, options: loading.Options, limits: Limits) -> loading.Report:
    now = datetime.now(UTC)
    name = name_of(found.path)
    if found.problem is not None:
        return loading.Report(name, "refused", code=found.problem[0], message=found.problem[1])
    opened = (
        evidences.spooled(sys.stdin.buffer, limits, now)
        if name == STANDARD_INPUT
        else evidences.opened(found.path, limits)
    )
    try:
        with opened as evidence:
            return loading.judge_file(evidence, options, now=now)
    except Refused as refusal:
        return loading.Report(name, "refused", code=refusal.code, message=refusal.message)
