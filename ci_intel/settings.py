"""Settings: where the warehouse is, and who is asking. One place reads the environment for them."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path

import click

DEFAULT_WAREHOUSE = "duckdb:///warehouse/ci_intel.duckdb"
BIGQUERY = "bigquery://"
_DUCKDB = "duckdb:///"


def warehouse_url(flag: str | None, environment: Mapping[str, str], *, if_configured: bool = False) -> str | None:
    """
    Return the warehouse's URL: the flag, else the environment, else the default.

    With `if_configured` there is no default: None says that nobody has named a warehouse.
    Raises `click.UsageError` for one half of a BigQuery address.
    """
    named = flag or environment.get("CI_INTEL_WAREHOUSE")
    if named:
        return named
    project, dataset = environment.get("CI_INTEL_BQ_PROJECT"), environment.get("CI_INTEL_BQ_DATASET")
    if bool(project) != bool(dataset):
        raise click.UsageError("CI_INTEL_BQ_PROJECT and CI_INTEL_BQ_DATASET go together; one of them is not set")
    if project:
        return f"{BIGQUERY}{project}/{dataset}"
    return None if if_configured else DEFAULT_WAREHOUSE


def duckdb_path(url: str) -> Path:
    """
    Return the file of a DuckDB URL: `duckdb:///relative/path` or `duckdb:////absolute/path`.

    Raises `click.UsageError` for any other URL.
    """
    if not url.startswith(_DUCKDB) or url == _DUCKDB:
        raise click.UsageError(
            f"not a warehouse: {url!r}; write duckdb:///relative/path, duckdb:////absolute/path or bigquery://project/dataset"
        )
    return Path(url.removeprefix(_DUCKDB))


def submitter(environment: Mapping[str, str]) -> str | None:
    """Return who runs this command, as far as the environment tells."""
    for name in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN"):
        if environment.get(name):
            return environment[name]
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None
