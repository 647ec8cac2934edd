"""`ci-intel emit`: what a pipeline says of itself, as an event of a contract."""

from __future__ import annotations

import os
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ci_intel.commands.options import context_options, json_option, limit_options
from ci_intel.errors import HubError

if TYPE_CHECKING:
    from emit.pipeline_run import Emitted
    from ingest.context import RunContext
    from ingest.evidence import Limits

STANDARD_OUTPUT = "-"
ENVIRONMENTS = ("preview", "dev", "staging", "prod", "test")


@click.group()
def emit() -> None:
    """Make an event of what the CI's environment and the reports at hand say."""


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    from ci_intel.moments import utc

    try:
        return utc(value) if value else None
    except ValueError as error:
        raise click.BadParameter(f"{error}; write it like 2026-02-03T10:00:00Z") from error


@emit.command("pipeline-run")
@click.argument("reports", nargs=-1)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Write the event here, whole or not at all. Default, and with -: standard output.",
)
@click.option("--status", metavar="WORD", help="How the run ended, in the CI's own word: success, failure, cancelled …")
@click.option("--started-at", callback=_moment, metavar="TIME", help="When the run started (RFC 3339).")
@click.option("--environment", type=click.Choice(ENVIRONMENTS), help="Where the run deploys to, or tests.")
@click.option("--runner-label", help="The label that asked for the runner, such as ubuntu-latest: it has the price.")
@click.option(
    "--region", envvar="CI_INTEL_REGION", show_envvar=True, help="The runner's cloud region, such as europe-west4."
)
@click.option(
    "--energy-kwh", type=click.FloatRange(min=0), help="Energy that was measured; carbon follows from the region."
)
@click.option("--image-digest", metavar="sha256:…", help="The image that the run built or deployed.")
@click.option("--deployment-id", help="The deployment that the run made.")
@click.option(
    "--whole-run",
    "is_whole",
    is_flag=True,
    help="The jobs at hand are all of the run's: price them. Without this, no cost is said.",
)
@context_options
@limit_options
@json_option
def pipeline_run(
    reports: tuple[str, ...],
    out: Path | None,
    status: str | None,
    started_at: datetime | None,
    environment: str | None,
    runner_label: str | None,
    region: str | None,
    energy_kwh: float | None,
    image_digest: str | None,
    deployment_id: str | None,
    is_whole: bool,
    provider: str | None,
    repository: str | None,
    run_id: str | None,
    run_attempt: int | None,
    commit_sha: str | None,
    job: str | None,
    limits: Limits,
    as_json: bool,
) -> None:
    """
    Make one pipeline_run event, with the provider's own run id, to be loaded like any evidence.

    Run, commit, branch, actor and runner come from the variables of GitHub Actions or GitLab CI; on other
    machines from the options and from git. REPORTS (files, folders, globs) are added up: JUnit, coverage, mutants,
    chaos, policies, job telemetry, in any format that `ci-intel load` reads. Load them too: the event has
    the sums, the reports have the rows.

    \b
    What is not known is left out, and said on standard error; it is never zero. A report that cannot be
    read leaves out the tests, and the exit code is 1.

    \b
    Examples:
      ci-intel emit pipeline-run reports/ --status "${{ job.status }}" --out evidence/run.json
      ci-intel emit pipeline-run jobs.ndjson --whole-run --runner-label ubuntu-latest | ci-intel load -
    """
    from ci_intel.redact import redact
    from emit.environment import surroundings
    from emit.pipeline_run import Said
    from emit.pipeline_run import pipeline_run as made
    from emit.reports import read_reports
    from ingest.context import RunContext

    flags = RunContext(provider, repository, run_id, run_attempt, commit_sha, job)
    around = _described(surroundings(os.environ), flags)
    found = read_reports(reports, _context(around.run, job or around.job.name), limits)
    said = Said(
        status,
        started_at,
        environment,
        runner_label,
        region,
        energy_kwh,
        is_whole,
        {"image_digest": image_digest, "deployment_id": deployment_id},
    )
    try:
        emitted = made(around, found, said, datetime.now(UTC))
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    _check(emitted)
    _write(emitted, out, as_json=as_json)
    for problem in found.problems:
        click.echo(redact(problem), err=True)
    for name in found.unknown:
        click.echo(f"{name}: no report (`ci-intel formats` lists them)", err=True)
    for what in emitted.left_out:
        click.echo(f"left out: {redact(what)}", err=True)
    sys.exit(1 if found.problems else 0)


def _described(around: Any, flags: RunContext) -> Any:
    """Return the surroundings with what the options say instead, and what git says where nobody else does."""
    import dataclasses

    said = flags.event_fields()
    said.pop("job", None)
    run = {**around.run, **said}
    if "provider" not in run:
        from emit.laptop import checkout

        run = {"provider": "local", "run_id": str(uuid.uuid4()), **checkout(Path.cwd()), **run}
    missing = [
        flag
        for name, flag in (("repo", "--repository"), ("commit_sha", "--commit"), ("run_id", "--run-id"))
        if name not in run
    ]
    if missing:
        raise click.UsageError(f"neither the CI's variables nor git say enough: add {', '.join(missing)}")
    return dataclasses.replace(around, run=run)


def _context(run: Any, job: str | None) -> RunContext:
    from ingest.context import RunContext

    return RunContext(
        run.get("provider"), run.get("repo"), run.get("run_id"), run.get("run_attempt"), run.get("commit_sha"), job
    )


def _check(emitted: Emitted) -> None:
    """Hold the event against its contract: what would be rejected is not written."""
    from ci_intel import contracts
    from ingest import topics

    event = emitted.event
    found = [*contracts.violations(event["schema"], event)] or [*topics.topic("pipeline_run").contradictions(event)]
    if found:
        raise HubError(
            "the event would break its contract: "
            + "; ".join(f"{violation.pointer or '/'}: {violation.message}" for violation in found[:3])
        )


def _write(emitted: Emitted, out: Path | None, *, as_json: bool) -> None:
    import orjson

    line = orjson.dumps(emitted.event) + b"\n"
    what = f"{emitted.event['repo']} run {emitted.event['run_id']}, {emitted.event['status']}"
    if out is None or str(out) == STANDARD_OUTPUT:
        click.echo(line, nl=False)
        if out is not None and not as_json:
            click.echo(f"wrote {what}", err=True)
        return
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(line)
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise HubError(f"{out}: cannot be written: {error.strerror}") from error
    if as_json:
        click.echo(orjson.dumps({"out": str(out), "event": emitted.event, "left_out": list(emitted.left_out)}))
    else:
        click.echo(f"wrote {out}: {what}")
