"""Options that several commands share."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ci_intel import settings
from ci_intel.errors import HubError

if TYPE_CHECKING:
    from ingest.warehouse import Warehouse

Command = TypeVar("Command", bound=Callable[..., Any])

warehouse_option = click.option(
    "--warehouse",
    "warehouse_flag",
    metavar="URL",
    help="duckdb:///path or bigquery://project/dataset. Else CI_INTEL_WAREHOUSE, else CI_INTEL_BQ_PROJECT and "
    f"CI_INTEL_BQ_DATASET, else {settings.DEFAULT_WAREHOUSE}.",
)
archive_option = click.option(
    "--archive",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="CI_INTEL_ARCHIVE",
    show_envvar=True,
    help="Where the original bytes are kept. Default: archive/ beside the warehouse's file.",
)
lock_timeout_option = click.option(
    "--lock-timeout",
    type=click.FloatRange(min=0),
    default=120.0,
    show_default=True,
    help="Seconds to wait for a warehouse that another process is writing, or that does not answer.",
)
create_dataset_option = click.option(
    "--create-dataset",
    "creates_datasets",
    is_flag=True,
    help="BigQuery: create the datasets first, in CI_INTEL_BQ_LOCATION, if they are not there.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line, and nothing else.")


context_policy_option = click.option(
    "--context-policy",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="CI_INTEL_CONTEXT_POLICY",
    show_envvar=True,
    help="Whose word counts for which repositories. Default: config/context_policy.yaml, if it is there.",
)


def context_options(command: Command) -> Command:
    """Add the options that say which run a report belongs to."""
    for option in reversed(
        [
            click.option(
                "--provider",
                callback=_matching(r"[a-z][a-z0-9_-]*", "one lower-case word, such as github"),
                help="The CI system, such as github.",
            ),
            click.option(
                "--repository",
                callback=_matching(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+", "OWNER/NAME"),
                metavar="OWNER/NAME",
                help="The repository a report belongs to.",
            ),
            click.option("--run-id", help="The run's id at its provider."),
            click.option("--run-attempt", type=click.IntRange(min=1), help="1 unless the run was run again."),
            click.option(
                "--commit",
                "commit_sha",
                callback=_matching(r"[0-9a-f]{40}", "a whole commit SHA, 40 lower-case hex digits"),
                metavar="SHA",
                help="The commit, 40 hex digits.",
            ),
            click.option("--job", help="The job that made the report."),
        ]
    ):
        command = option(command)
    return command


def limit_options(command: Command) -> Command:
    """Add the options for what one file may ask of the loader."""
    from ingest.evidence import Limits

    names = {
        "line_bytes": "Longest line, in bytes; a longer event is rejected.",
        "depth": "Deepest nesting of an event.",
        "document_bytes": "Largest report that is read in one piece.",
        "content_bytes": "Largest content of a file, decompressed.",
        "ratio": "Highest compression ratio, against bombs.",
    }
    for name, text in reversed(names.items()):
        command = click.option(
            f"--max-{name.replace('_', '-')}",
            name,
            # Deeper than this, parsers and writers of JSON give up in ways of their own.
            type=click.IntRange(1, 200) if name == "depth" else click.IntRange(min=1),
            default=getattr(Limits(), name),
            show_default=True,
            help=text,
        )(command)

    @functools.wraps(command)
    def with_limits(*arguments: Any, **options: Any) -> Any:
        limits = Limits(**{name: options.pop(name) for name in names})
        return command(*arguments, limits=limits, **options)

    return with_limits  # type: ignore[return-value]


def open_warehouse(
    url: str,
    *,
    lock_timeout: float,
    is_read_only: bool = False,
    creates_datasets: bool = False,
    on_wait: Callable[[str], None] = lambda _: None,
) -> Warehouse:
    """Open the warehouse of a URL. Raises `HubError` if that cannot be done."""
    if url.startswith(settings.BIGQUERY):
        return _open_bigquery(url, lock_timeout, creates_datasets, is_read_only)
    path = settings.duckdb_path(url)
    from ingest.warehouse.duckdb import DuckDBWarehouse

    return DuckDBWarehouse(path, lock_timeout=lock_timeout, is_read_only=is_read_only, on_wait=on_wait)


def _open_bigquery(url: str, deadline: float, creates_datasets: bool, is_read_only: bool) -> Warehouse:
    try:
        from ingest.warehouse.bigquery import BigQueryWarehouse
    except ModuleNotFoundError as error:
        raise HubError(
            f"{url}: BigQuery needs one more package: pip install 'ci-intelligence-hub[bigquery]' ({error.name})"
        ) from error
    return BigQueryWarehouse(
        url,
        location=os.environ.get("CI_INTEL_BQ_LOCATION") or None,
        endpoint=os.environ.get("CI_INTEL_BQ_ENDPOINT") or None,
        deadline=deadline,
        creates_datasets=creates_datasets,
        is_read_only=is_read_only,
    )


def read_warehouse(flag: str | None, lock_timeout: float = 120.0) -> Warehouse:
    """Open the configured warehouse for reading only."""
    url = settings.warehouse_url(flag, os.environ)
    if url is None:
        raise AssertionError("without if_configured there is a default")
    return open_warehouse(url, lock_timeout=lock_timeout, is_read_only=True)


def archive_folder(flag: Path | None, url: str) -> Path:
    """Return where the archive is: as said, else beside the warehouse."""
    if url.startswith(settings.BIGQUERY):
        url = settings.DEFAULT_WAREHOUSE
    return flag or settings.duckdb_path(url).parent / "archive"


def _matching(pattern: str, wanted: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    def check(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(pattern, value):
            raise click.BadParameter(f"{value!r} is not {wanted}")
        return value

    return check
