"""`ci-intel record`: what a job knows of itself, written down while it runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ci_intel.commands.options import context_options
from ci_intel.errors import HubError
from ci_intel.moments import as_text

if TYPE_CHECKING:
    from ingest.context import RunContext

_NOBODYS = "neither the CI's variables nor git say which repository this job is of: add --repository OWNER/NAME"
STATUSES = {
    "success": "success",
    "failure": "failure",
    "failed": "failure",
    "canceled": "canceled",
    "cancelled": "canceled",
    "skipped": "skipped",
}


@click.group()
def record() -> None:
    """Write down what a job knows of itself."""


def _metadata(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    wrong = next((name for name, sign, _ in pairs if not (name and sign)), None)
    if wrong is not None:
        raise click.BadParameter(f"{wrong!r} is not NAME=VALUE")
    return {name: value for name, _, value in pairs}


def _file(_context: click.Context, _parameter: click.Parameter, value: Path) -> Path:
    if str(value) == "-":
        raise click.BadParameter("it is appended to a file: standard output is the job's own")
    return value


@record.command("job", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("evidence/jobs.ndjson"),
    show_default=True,
    callback=_file,
    help="The file to append to; any number of steps may do so at once.",
)
@click.option("--status", type=click.Choice([*STATUSES]), help="How it ended; with COMMAND its exit code says so.")
@click.option("--duration-ms", type=click.IntRange(min=0), help="How long it took; with COMMAND that is measured.")
@click.option("--queue-ms", type=click.IntRange(min=0), help="How long it waited for a runner.")
@click.option("--tests-total", type=click.IntRange(min=0), help="Tests that it ran.")
@click.option("--cache-hit/--no-cache-hit", default=None, help="Whether its cache was found.")
@click.option("--changed-files", type=click.IntRange(min=0), help="Files that the change under test touches.")
@click.option("--runner-type", help="The kind of runner.")
@click.option("--runner-size", help="The size of the runner.")
@click.option("--notes", help="A remark.")
@click.option("--metadata", multiple=True, callback=_metadata, metavar="NAME=VALUE", help="Whatever else; repeatable.")
@context_options
def record_job(
    command: tuple[str, ...],
    out: Path,
    status: str | None,
    duration_ms: int | None,
    provider: str | None,
    repository: str | None,
    run_id: str | None,
    run_attempt: int | None,
    commit_sha: str | None,
    job: str | None,
    **fields: Any,
) -> None:
    """
    Append one job's telemetry to a file, safely from parallel steps.

    Given COMMAND, run it, measure it, and end with its exit code; telemetry that cannot be written is a warning
    then, and never fails the job. Where the CI does not say which repository and commit the job is of, git does.

    \b
    Examples:
      ci-intel record job --job unit-tests -- pytest -n 4
      ci-intel record job --job build --status success --duration-ms 5120 --cache-hit
    """
    from ingest.context import RunContext, from_environment, overridden

    context = overridden(
        from_environment(os.environ), RunContext(provider, repository, run_id, run_attempt, commit_sha, job)
    )
    if context.job is None:
        raise click.UsageError("which job? add --job NAME")
    if context.repository is None:
        context = _with_checkout(context)
    if not command:
        if status is None or duration_ms is None:
            raise click.UsageError("without a COMMAND to run, add --status and --duration-ms")
        if context.repository is None:
            raise click.UsageError(_NOBODYS)
        _append(out, _event(context.event_fields(), STATUSES[status], duration_ms, fields))
        return
    if status is not None or duration_ms is not None:
        raise click.UsageError("with a COMMAND to run, its status and duration are measured, not said")
    exit_code, ended, measured_ms = _run(command)
    try:
        if context.repository is None:
            raise HubError(f"not recorded: {_NOBODYS}")
        _append(out, _event(context.event_fields(), ended, measured_ms, fields))
    except HubError as error:
        click.echo(f"warning: {error}", err=True)
    sys.exit(exit_code)


def _with_checkout(context: RunContext) -> RunContext:
    """Return the context with what git says of the working folder, where neither the CI nor the options say it."""
    import dataclasses

    from emit.laptop import checkout

    found = checkout(Path.cwd())
    return dataclasses.replace(
        context,
        provider=context.provider or "local",
        repository=found.get("repo"),
        commit_sha=context.commit_sha or found.get("commit_sha"),
    )


def _run(command: tuple[str, ...]) -> tuple[int, str, int]:
    """Run a command with our own input and output; return exit code, status, and milliseconds."""
    began = time.monotonic()
    try:
        exit_code = subprocess.run(command, check=False).returncode  # noqa: S603 - who calls us wrote it
    except FileNotFoundError:
        click.echo(f"{command[0]}: command not found", err=True)
        exit_code = 127
    except PermissionError:
        click.echo(f"{command[0]}: permission denied", err=True)
        exit_code = 126
    except KeyboardInterrupt:
        exit_code = -2
    milliseconds = round((time.monotonic() - began) * 1000)
    # A signal that asks to end: somebody canceled it.
    status = "success" if exit_code == 0 else "canceled" if exit_code in (-2, -15) else "failure"
    return (128 - exit_code if exit_code < 0 else exit_code), status, milliseconds


def _event(context: Mapping[str, Any], status: str, duration_ms: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in fields.items() if value not in (None, {})}
    return {
        "schema": "job_telemetry.v1.0",
        **context,
        "status": status,
        "duration_ms": duration_ms,
        "recorded_at": as_text(datetime.now(UTC)),
        **said,
    }


def _append(out: Path, event: Mapping[str, Any]) -> None:
    from ci_intel import contracts
    from emit.telemetry import append

    found = contracts.violations(str(event["schema"]), event)
    if found:
        raise HubError(f"this would break its contract: {found[0].pointer}: {found[0].message}")
    try:
        append(out, event)
    except OSError as error:
        raise HubError(f"{out}: cannot be written: {error.strerror or error}") from error
