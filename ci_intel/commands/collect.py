"""`ci-intel collect`: what a provider's API knows, fetched, archived and loaded."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from ci_intel import settings
from ci_intel.commands.options import (
    Command,
    archive_folder,
    archive_option,
    context_policy_option,
    create_dataset_option,
    json_option,
    lock_timeout_option,
    open_warehouse,
    warehouse_option,
)
from ci_intel.commands.reports import Rejected, Tally
from ci_intel.errors import HubError
from ci_intel.moments import utc
from ci_intel.words import counted, noun

if TYPE_CHECKING:
    from collect.client import Client
    from collect.repository import Summary
    from collect.store import Store

_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)+")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_SHORTEST_TOKEN = 8
_SPAN = re.compile(r"([0-9]{1,4})d")


@click.group()
def collect() -> None:
    """
    Fetch what a provider's API knows, archive it, and load it.

    The same command again goes on where the last one ended, or was ended: it asks only for what is new.

    \b
    Examples:
      ci-intel collect github --repository acme/shop --since 90d
      ci-intel collect github --org acme --since 30d --only runs
      ci-intel collect gitlab --group acme --since 30d
    """


def _repositories(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _REPOSITORY.fullmatch(value) or {".", ".."} & {*value.split("/")}:
            raise click.BadParameter(f"{value!r} is not OWNER/NAME")
    return values


def _since(_context: click.Context, _parameter: click.Parameter, value: str) -> datetime | timedelta:
    days = _SPAN.fullmatch(value)
    if days:
        return timedelta(days=int(days[1]))
    try:
        return utc(value if "T" in value else f"{value}T00:00:00Z").replace(microsecond=0)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is neither days, as 90d, nor a date, as 2026-09-01") from error


def _options(
    *, owner: str, owner_text: str, url: str, url_variable: str, parts: Sequence[str]
) -> Callable[[Command], Command]:
    """Return what adds the options of a provider's command."""

    def add(command: Command) -> Command:
        for option in reversed(
            [
                click.option("--repository", "repositories", multiple=True, callback=_repositories,
                             metavar="OWNER/NAME", help="A repository to collect; may be given several times."),
                click.option(owner, "owners", multiple=True, metavar="NAME", help=owner_text),
                click.option("--since", default="90d", show_default=True, callback=_since, metavar="WHEN",
                             help="From when on: days as 90d, or a date, in UTC."),
                click.option("--only", "parts", multiple=True, type=click.Choice(parts),
                             help="Collect only this; may be given several times. Default: everything."),
                click.option("--again", is_flag=True, help="Also what is collected already."),
                click.option("--include-quiet", is_flag=True,
                             help=f"With {owner}: also archived repositories, and those without a push since then."),
                click.option("--max-repositories", type=click.IntRange(min=1), default=1000, show_default=True,
                             help=f"With {owner}: stop, before anything is collected, if there are more."),
                click.option("--concurrency", type=click.IntRange(1, 32), default=6, show_default=True,
                             help="Requests under way at once."),
                click.option("--max-wait", type=click.FloatRange(min=0), default=3900.0, show_default=True,
                             help="Seconds to wait at most when the provider limits the rate; else stop there."),
                click.option("--api-url", default=url, show_default=True, envvar=url_variable, show_envvar=True,
                             metavar="URL",
                             help="Where the API is, for an installation of your own."),
                click.option("--max-rejected", type=click.IntRange(min=0), default=0, show_default=True,
                             help="Bad events to put up with before the exit code is 1."),
                context_policy_option, warehouse_option, archive_option, create_dataset_option, lock_timeout_option,
                json_option,
            ]
        ):  # fmt: skip
            command = option(command)
        return command

    return add


@collect.command()
@_options(
    owner="--org",
    owner_text="All repositories of an organisation that were pushed to since then.",
    url="https://api.github.com",
    url_variable="GITHUB_API_URL",
    parts=("runs", "deployments", "pull_requests", "releases", "evidence"),
)
def github(**options: Any) -> None:
    """
    Collect from GitHub: workflow runs (all attempts) with their jobs, deployments, pull requests, releases,
    and the evidence that runs left in artifacts named ci-intel-evidence, or ci-intel-evidence- and more.

    The token is taken from CI_INTEL_GITHUB_TOKEN, else GITHUB_TOKEN. It needs read access to Actions, Deployments,
    Pull requests, Contents and Metadata of the repositories, and nothing else.

    \b
    Examples:
      ci-intel collect github --repository acme/shop --since 90d
      ci-intel collect github --org acme --since 30d --only runs --only deployments
      ci-intel collect github --org acme --api-url https://github.acme.example/api/v3
    """
    _run("github", **options)


@collect.command()
@_options(
    owner="--group",
    owner_text="All projects of a group and its subgroups in which something happened since then.",
    url="https://gitlab.com/api/v4",
    url_variable="CI_API_V4_URL",
    parts=("pipelines", "deployments", "merge_requests"),
)
def gitlab(**options: Any) -> None:
    """
    Collect from GitLab: pipelines with their jobs, deployments, merge requests.

    The token is taken from CI_INTEL_GITLAB_TOKEN, else GITLAB_TOKEN. It needs the scope read_api and the role Reporter.

    \b
    Examples:
      ci-intel collect gitlab --repository acme/platform/shop --since 90d
      ci-intel collect gitlab --group acme --api-url https://gitlab.acme.example/api/v4
    """
    _run("gitlab", **options)


def _run(
    provider_name: str,
    *,
    repositories: Sequence[str],
    owners: Sequence[str],
    since: datetime | timedelta,
    parts: Sequence[str],
    again: bool,
    include_quiet: bool,
    max_repositories: int,
    concurrency: int,
    max_wait: float,
    api_url: str,
    max_rejected: int,
    context_policy: Path | None,
    warehouse_flag: str | None,
    archive: Path | None,
    creates_datasets: bool,
    lock_timeout: float,
    as_json: bool,
) -> None:
    if not repositories and not owners:
        owner = {"github": "--org", "gitlab": "--group"}[provider_name]
        raise click.UsageError(f"say what to collect: --repository OWNER/NAME, or {owner} NAME for all that it has")
    provider = _provider(provider_name)
    from collect.client import Client, closing
    from collect.repository import Summary, Wanted

    url = settings.warehouse_url(warehouse_flag, os.environ)
    if url is None:
        raise AssertionError("without if_configured there is a default")
    tally, rejected = Tally(max_rejected), Rejected(shows_all=as_json)
    with _Watcher(is_quiet=as_json) as watcher:
        client = Client(
            api_url,
            _token(provider.TOKENS),
            provider.authorisation,
            provider.rights,
            longest_wait=max_wait,
            connections=concurrency,
            say=watcher.say,
        )
        store = _store(
            url,
            archive,
            context_policy,
            tally,
            rejected,
            watcher,
            lock_timeout=lock_timeout,
            creates_datasets=creates_datasets,
        )
        summaries: list[Summary] = []
        ended: HubError | None = None
        pool = ThreadPoolExecutor(concurrency)
        try:
            with closing(client):
                try:
                    store.prepare(client.now())
                    names = [*repositories]
                    begin = _moment(since, client.now())
                    for owner in owners:
                        found = provider.repositories_of(
                            client, owner, begin, most=max_repositories, quiet_too=include_quiet
                        )
                        watcher.say(f"{owner}: {_some(len(found))}")
                        names += found
                    wanted = Wanted(begin, frozenset(parts or provider.PARTS), again)
                    for name in dict.fromkeys(names):
                        summary = Summary(name)
                        summaries.append(summary)
                        try:
                            _one(provider, name, client, store, pool, wanted, summary, watcher)
                        except HubError as error:
                            summary.problems.append(error.message)
                            raise
                        finally:
                            watcher.done(summary)
                            if as_json:
                                click.echo(orjson.dumps(_as_json(summary)))
                except HubError as error:
                    ended = error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            store.close()
        watcher.recall(rejected, client.clock_notice)
    _print_sum(summaries, client, ended, as_json=as_json)
    has_problems = ended is not None or any(summary.problems for summary in summaries)
    sys.exit(3 if has_problems else tally.exit_code)


def _one(
    provider: Any,
    name: str,
    client: Client,
    store: Store,
    pool: ThreadPoolExecutor,
    wanted: Any,
    summary: Summary,
    watcher: _Watcher,
) -> None:
    """Collect one repository; what keeps it from being collected is among its problems."""
    from collect.errors import NoAnswer
    from collect.repository import Repository

    try:
        about = provider.find(client, name)
    except NoAnswer as reason:
        summary.problems.append(str(reason))
        return
    full_name = str(about["full_name"])
    if full_name.lower() != name.lower():
        summary.notes.append(f"{name} is called {full_name} now, and is collected as that")
    if about.get("archived") is True:
        summary.notes.append(f"{full_name} is archived: what it has is collected, and nothing new will come")
    repository = Repository(provider.PROVIDER, full_name, client, store, pool, wanted, summary, watcher.progress)
    provider.collect(repository, about)


def _provider(name: str) -> Any:
    try:
        from collect import github, gitlab
    except ModuleNotFoundError as error:
        raise HubError(
            f"collecting needs one more package: pip install 'ci-intelligence-hub[collect]' ({error.name})"
        ) from error
    return {"github": github, "gitlab": gitlab}[name]


def _token(names: Sequence[str]) -> str:
    """Return the token from the environment; it is nowhere else, and is never shown."""
    for name in names:
        token = os.environ.get(name, "").strip()
        if token:
            if not _TOKEN.fullmatch(token):
                raise click.UsageError(f"{name} holds no token: it has blanks or other characters that no token has")
            if len(token) < _SHORTEST_TOKEN:
                raise click.UsageError(f"{name} holds no token: it is too short for one, with {len(token)} characters")
            return token
    raise click.UsageError(f"no token: set {' or '.join(names)} (docs/collect.md says which rights it needs)")


def _store(
    url: str,
    archive: Path | None,
    context_policy: Path | None,
    tally: Tally,
    rejected: Rejected,
    watcher: _Watcher,
    *,
    lock_timeout: float,
    creates_datasets: bool,
) -> Store:
    from collect.store import Store
    from ingest import load as loading
    from ingest.archive import Archive
    from ingest.context_policy import read_policy
    from ingest.evidence import Limits
    from ingest.load import Report

    def count(report: Report) -> None:
        tally.add(report, is_named=False)
        if report.status == "refused":
            watcher.say(f"{report.file}: {report.message} [{report.code}]")
        for line in rejected.lines(report):
            watcher.say(line)

    return Store(
        lambda: open_warehouse(url, lock_timeout=lock_timeout, creates_datasets=creates_datasets, on_wait=watcher.say),
        loading.Options(
            archive=Archive(archive_folder(archive, url)),
            submitted_by=settings.submitter(os.environ),
            policy=read_policy(context_policy),
        ),
        Limits(),
        keeps_open=url.startswith(settings.BIGQUERY),
        on_report=count,
    )


def _moment(since: datetime | timedelta, now: datetime) -> datetime:
    """Return the moment meant: of days, the beginning of the day, so that questions of one day are the same."""
    if isinstance(since, datetime):
        return since
    return (now - since).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


class _Watcher:
    """Says on standard error what is going on: lines for what matters, and where somebody is watching, a bar."""

    def __init__(self, *, is_quiet: bool) -> None:
        self._is_quiet = is_quiet
        self._bar: Any = None
        self._task: Any = None
        self.last: str | None = None

    def __enter__(self) -> _Watcher:
        if not self._is_quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("asking …", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def say(self, text: str) -> None:
        """Say a line."""
        self.last = text
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            click.echo(text, err=True)

    def recall(self, rejected: Rejected, clock_notice: str | None) -> None:
        """Say how many rejects were not said, and again what explains them, which is out of sight by now."""
        if rejected.hidden:
            self.say(f"… and {rejected.hidden:,} more rejected (ci-intel rejects)")
        if clock_notice is not None and clock_notice != self.last:
            self.say(clock_notice)

    def progress(self, summary: Summary) -> None:
        """Show how far a repository has come."""
        if self._bar is not None:
            self._bar.update(self._task, description=f"{summary.repository}  {_counted(summary.counts) or 'asking …'}")

    def done(self, summary: Summary) -> None:
        """Say what came of a repository."""
        for line in (*summary.notes, *summary.problems):
            self.say(line)
        if not self._is_quiet:
            nothing = "nothing collected" if summary.problems else "nothing new"
            click.echo(f"{summary.repository}: {_counted(summary.counts) or nothing}")


def _some(repositories: int) -> str:
    return counted(repositories, "repository", "repositories")


def _counted(counts: Counter[str]) -> str:
    named = {name: name.replace("_", " ") for name in counts}
    return ", ".join(counted(count, _one_of(named[name]), named[name]) for name, count in counts.items() if count)


def _one_of(things: str) -> str:
    """Return what one is called of what is counted, as `releases without artifact`."""
    first, blank, rest = things.partition(" ")
    is_last = things in ("pull requests", "merge requests")
    return things.removesuffix("s") if is_last else first.removesuffix("s") + blank + rest


def _as_json(summary: Summary) -> dict[str, Any]:
    return {
        "repository": summary.repository,
        "status": "incomplete" if summary.problems else "collected",
        "collected": {name: count for name, count in summary.counts.items() if count},
        "files": summary.files,
        "events": summary.events,
        "notes": summary.notes,
        "problems": summary.problems,
    }


def _print_sum(summaries: Sequence[Summary], client: Client, ended: HubError | None, *, as_json: bool) -> None:
    """Say what all of it was, and what it cost in requests."""
    counts = client.counts
    events: Counter[str] = Counter()
    for summary in summaries:
        events.update(summary.events)
    runs = sum(summary.counts["runs"] + summary.counts["pipelines"] for summary in summaries)
    if ended is not None and not any(ended.message in summary.problems for summary in summaries):
        click.echo(ended.message, err=True)
    if amiss := events["rejected"] + events["rejected_before"]:
        click.echo(
            f"{amiss:,} of these events {noun(amiss, 'is', 'are')} rejected: `ci-intel rejects` says why, and once the "
            "cause is gone `ci-intel reload --rejected` reads them again",
            err=True,
        )
    if as_json:
        fields = {
            "repositories": len(summaries),
            "status": "ended" if ended else "incomplete" if any(one.problems for one in summaries) else "collected",
            "events": events,
            "requests": {
                "sent": counts.sent.total(),
                "by_subject": counts.sent,
                "not_modified": counts.not_modified,
                "repeated": counts.repeated,
                "per_1000_runs": round(counts.sent.total() / runs * 1000) if runs else None,
            },
            "rate_limit_pauses": counts.pauses,
            "waited_seconds": round(client.throttle.waited_seconds, 1),
            "problem": ended.message if ended else None,
        }
        click.echo(orjson.dumps(fields))
        return
    per_run = f", {counts.sent.total() / runs * 1000:,.0f} per 1,000 runs" if runs else ""
    click.echo(
        f"{_some(len(summaries))}; {counted(events['loaded'], 'event')} loaded, {events['rejected']:,} rejected, "
        f"{events['duplicate']:,} duplicate; {counted(counts.sent.total(), 'request')} "
        f"({counts.not_modified:,} unchanged, {counts.repeated:,} repeated{per_run})"
    )
    if client.throttle.waited_seconds:
        click.echo(f"waited {client.throttle.waited_seconds:,.0f} s for rate limits")
