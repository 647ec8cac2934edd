"""`ci-intel load`: evidence files into the warehouse, each as one commit."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ci_intel import settings
from ci_intel.commands.options import (
    archive_folder,
    archive_option,
    context_options,
    context_policy_option,
    create_dataset_option,
    json_option,
    limit_options,
    lock_timeout_option,
    open_warehouse,
    warehouse_option,
)
from ci_intel.commands.reports import Tally, print_report
from ci_intel.commands.spooling import Spooling, as_delivered, finish, seconds
from ci_intel.commands.summary import write_summary
from ci_intel.errors import HubError, Refused, WarehouseUnavailable
from ingest import context as contexts
from ingest import evidence as evidences
from ingest import load as loading
from ingest import spool
from ingest.archive import Archive
from ingest.beside import Neighbours
from ingest.context import RunContext
from ingest.context_policy import read_policy
from ingest.discover import STANDARD_INPUT, Found, discover, name_of
from ingest.readers import FORMATS

if TYPE_CHECKING:
    from ingest.evidence import Evidence, Limits
    from ingest.warehouse import Warehouse


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
@warehouse_option
@archive_option
@click.option(
    "--no-archive",
    is_flag=True,
    help="Do not keep the original bytes: they can then neither be shown nor reloaded.",
)
@click.option(
    "--max-rejected",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Bad events to put up with before the exit code is 1.",
)
@click.option("--if-configured", is_flag=True, help="Do nothing, and succeed, where no warehouse is configured.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Processes that judge a long file. Default: the machine's cores, at most 4.",
)
@click.option(
    "--spool",
    "spool_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep here what the warehouse does not take, and succeed; `ci-intel load DIRECTORY` delivers it later, once.",
)
@click.option(
    "--deadline",
    callback=seconds,
    metavar="TIME",
    help="Give up on the warehouse after so long (60s, 2m); what is left goes into --spool.",
)
@click.option("--strict", is_flag=True, help="With --spool: end with exit code 3 if something was not delivered.")
@click.option(
    "--summary",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append what happened to this file in Markdown, as for $GITHUB_STEP_SUMMARY.",
)
@create_dataset_option
@lock_timeout_option
@limit_options
@json_option
def load(
    paths: tuple[str, ...],
    format_name: str | None,
    provider: str | None,
    repository: str | None,
    run_id: str | None,
    run_attempt: int | None,
    commit_sha: str | None,
    job: str | None,
    context_policy: Path | None,
    warehouse_flag: str | None,
    archive: Path | None,
    no_archive: bool,
    max_rejected: int,
    if_configured: bool,
    workers: int | None,
    spool_folder: Path | None,
    deadline: float | None,
    strict: bool,
    summary: Path | None,
    creates_datasets: bool,
    lock_timeout: float,
    limits: Limits,
    as_json: bool,
) -> None:
    """
    Load evidence: files, folders, globs, or - for standard input.

    What each file is, is found out from its content. A report that does not say which run it
    belongs to takes that from the options, else from the variables of GitHub Actions or GitLab CI, else from
    the event that `ci-intel emit pipeline-run` left beside it or in a folder above.

    \b
    Each file is one load: all its good events become visible together, its bad ones are kept aside
    (`ci-intel rejects`), and the same evidence again, under any name, adds nothing.

    \b
    Examples:
      ci-intel load reports/ --repository acme/shop --commit "$(git rev-parse HEAD)"
      ci-intel load 'target/**/TEST-*.xml' --json
      gh api repos/acme/shop/actions/runs | ci-intel load -
      ci-intel load reports/ --deadline 60s --spool undelivered/
    """
    url = settings.warehouse_url(warehouse_flag, os.environ, if_configured=if_configured)
    if url is None:
        click.echo(
            "no warehouse is configured (neither CI_INTEL_WAREHOUSE nor CI_INTEL_BQ_PROJECT and CI_INTEL_BQ_DATASET "
            "are set): nothing loaded, as --if-configured asks",
            err=True,
        )
        return
    context = contexts.overridden(
        contexts.from_environment(os.environ),
        RunContext(provider, repository, run_id, run_attempt, commit_sha, job),
    )
    options = loading.Options(
        context=context,
        format=format_name,
        archive=None if no_archive else Archive(archive_folder(archive, url)),
        submitted_by=settings.submitter(os.environ),
        workers=workers or min(os.cpu_count() or 1, 4),
        policy=read_policy(context_policy),
    )
    if spool_folder is None and (deadline is not None or strict):
        raise click.UsageError("--deadline and --strict are about what goes into --spool DIRECTORY; add it")
    tally = Tally(max_rejected, keeps_reports=summary is not None)
    neighbours = Neighbours()

    def options_for(found: Found) -> loading.Options:
        return replace(options, context=neighbours.context_of(found, context))

    def deliver(files: Iterable[Found], settle: Callable[[Found], None]) -> None:
        warehouse = open_warehouse(
            url,
            lock_timeout=lock_timeout if deadline is None else min(lock_timeout, deadline),
            creates_datasets=creates_datasets,
            on_wait=lambda text: click.echo(text, err=True),
        )
        try:
            loading.prepare_warehouse(warehouse, datetime.now(UTC), trusts_mark=True)
            is_quiet = as_json or warehouse.loads_at_once > 1
            load_one = partial(
                _load_one, warehouse=warehouse, options_for=options_for, limits=limits, is_quiet=is_quiet
            )
            for found, outcome in _in_order(load_one, files, warehouse.loads_at_once):
                if isinstance(outcome, HubError):
                    click.echo(str(outcome), err=True)
                    if spool_folder is None:
                        tally.add_failure()
                else:
                    settle(found)
                    print_report(outcome, as_json=as_json)
                    tally.add(outcome, is_named=found.is_named)
        finally:
            warehouse.close()

    if spool_folder is None:
        deliver(discover(paths), lambda _: None)
    else:
        spooling = Spooling(spool_folder, options_for, limits, is_strict=strict)
        spooling.deliver(discover(paths), deliver, deadline, tally, as_json=as_json)
    tally.print_sum(as_json=as_json)
    if summary is not None:
        write_summary(summary, tally, paths)
    finish(tally.exit_code)


Outcome = loading.Report | HubError


def _in_order(
    load_one: Callable[[Found], Outcome], files: Iterable[Found], at_once: int
) -> Iterator[tuple[Found, Outcome]]:
    """
    Load files, several at once where the warehouse takes them so; what happened comes in their order.

    Where committing is waiting for an answer, that is what makes three hundred small reports bearable.
    """
    if at_once == 1:
        for found in files:
            yield found, load_one(found)
        return
    with ThreadPoolExecutor(at_once) as pool:
        underway: deque[tuple[Found, Future[Outcome]]] = deque()
        try:
            for found in files:
                underway.append((found, pool.submit(load_one, found)))
                if len(underway) > 2 * at_once:
                    first, outcome = underway.popleft()
                    yield first, outcome.result()
            while underway:
                first, outcome = underway.popleft()
                yield first, outcome.result()
        finally:
            for _, outcome in underway:
                outcome.cancel()


def _load_one(
    found: Found,
    *,
    warehouse: Warehouse,
    options_for: Callable[[Found], loading.Options],
    limits: Limits,
    is_quiet: bool,
) -> Outcome:
    """Load one file; an error if the system did not let us read it. Raises `WarehouseUnavailable`."""
    now = datetime.now(UTC)
    name = name_of(found.path)
    options = options_for(found)
    if found.problem is not None:
        code, message = found.problem
        return _refused(name, Refused(code, message), warehouse, options, now)
    try:
        with _opened(found, limits, now) as evidence, _progress(evidence, is_quiet=is_quiet) as progress:
            if found.delivery is not None:
                options = as_delivered(found.delivery, evidence, options)
            report = loading.load_file(evidence, warehouse, options, now=now, progress=progress)
        if found.delivery is not None and report.status in ("loaded", "duplicate"):
            spool.remove(found.delivery)
        return report
    except Refused as refusal:
        return _refused(name, refusal, warehouse, options, now)
    except WarehouseUnavailable:
        raise
    except HubError as error:
        return error


def _refused(
    name: str, refusal: Refused, warehouse: Warehouse, options: loading.Options, now: datetime
) -> loading.Report:
    report = loading.Report(name, "refused", code=refusal.code, message=refusal.message)
    loading.note_refusal(report, warehouse, options, now)
    return report


@contextmanager
def _opened(found: Found, limits: Limits, now: datetime) -> Iterator[Evidence]:
    if str(found.path) == STANDARD_INPUT:
        with evidences.spooled(sys.stdin.buffer, limits, now) as evidence:
            yield evidence
    else:
        with evidences.opened(found.path, limits) as evidence:
            yield evidence


@contextmanager
def _progress(evidence: Evidence, *, is_quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show how many events of a long file were read, where somebody is watching."""
    if is_quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,} events"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(Path(evidence.name).name, total=None)
        yield lambda events: progress.update(task, completed=events)
