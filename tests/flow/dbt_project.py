"""dbt in this process: starting it anew for every build would cost seven seconds each time."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from hub import Hub

PROJECT = Path(__file__).parent.parent.parent
MARTS = {path.stem for path in (PROJECT / "models" / "marts").rglob("*.sql")}


@cache
def _target() -> str:
    return tempfile.mkdtemp(prefix="ci-intel-dbt-")


def forget_target() -> None:
    """Have this process write where no other does: one that was forked would share its parent's folder."""
    _target.cache_clear()


@cache
def manifest() -> Any:
    """The whole project, as dbt read it."""
    result = dbtRunner().invoke(["parse", *_flags()])
    assert result.success, result.exception
    return result.result


def _flags() -> list[str]:
    return [
        "--project-dir",
        str(PROJECT),
        "--profiles-dir",
        str(PROJECT),
        "--target-path",
        _target(),
        "--log-path",
        _target(),
        # Neither is read by a test, and both take seconds.
        "--no-write-json",
        "--log-level-file",
        "none",
        "--quiet",
    ]


def invoke_dbt(*arguments: str, is_read_anew: bool = False) -> dbtRunnerResult:
    """
    Run one dbt command on the warehouse that CI_INTEL_WAREHOUSE names.

    The project is read again if `is_read_anew`: names of schemas, for one, are made while it is read.
    """
    assert os.environ["CI_INTEL_WAREHOUSE"]
    command, *rest = arguments
    try:
        return dbtRunner(manifest=None if is_read_anew else manifest()).invoke([command, *_flags(), *rest])
    finally:
        # Or this process would hold the file's lock, with dbt's settings, to its end.
        DuckDBConnectionManager.close_all_connections()


def run_dbt(*arguments: str, is_read_anew: bool = False) -> dbtRunnerResult:
    """Run one dbt command on the warehouse that CI_INTEL_WAREHOUSE names; it has to succeed."""
    result = invoke_dbt(*arguments, is_read_anew=is_read_anew)
    failed = [
        f"{each.node.name}: {each.message}" for each in result.result or [] if str(each.status) in ("error", "fail")
    ]
    assert result.success, (failed, result.exception)
    return result


def outcomes(hub: Hub, *selected: str) -> dict[str, str]:
    """Run tests of the data, and return how each of them came out: pass, warn, fail or error."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in hub.environment.items():
            environment.setenv(name, value)
        result = invoke_dbt("test", *selected)
    tests = [each for each in result.result.results if each.node.resource_type == "test"]
    return {each.node.name: str(each.status) for each in tests}


def run_dbt_on(hub: Hub, *arguments: str, is_read_anew: bool = False) -> dbtRunnerResult:
    """Run one dbt command on the warehouse of a hub; it has to succeed."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in hub.environment.items():
            environment.setenv(name, value)
        return run_dbt(*arguments, is_read_anew=is_read_anew)
