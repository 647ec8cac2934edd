"""A hub of its own for each test: the real command on a real DuckDB file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from click.testing import CliRunner, Result

from ci_intel.cli import cli

PROJECT = Path(__file__).parents[2]
COMMIT = "a" * 40
SHOP = ("--repository", "acme/shop", "--commit", COMMIT)


def event(**fields: Any) -> dict[str, Any]:
    """Return a good event of a small contract."""
    return {
        "schema": "policy_decision.v1.0",
        "repo": "acme/shop",
        "policy": "images-are-signed",
        "mode": "enforce",
        "engine": "opa",
        "subject": "registry.example.org/shop:1.4",
        "decision": "allow",
        "decided_at": "2026-02-03T10:00:00Z",
        **fields,
    }


def lines(*events: Mapping[str, Any] | bytes) -> bytes:
    """Write events as NDJSON; bytes are taken as they are."""
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in events)


@dataclass(frozen=True)
class Hub:
    """The command, at work in a folder with a warehouse."""

    folder: Path

    @property
    def path(self) -> Path:
        """The warehouse's file."""
        return self.folder / "warehouse" / "hub.duckdb"

    @property
    def environment(self) -> dict[str, str]:
        """The only setting: where the warehouse is."""
        return {"CI_INTEL_WAREHOUSE": f"duckdb:///{self.path}"}

    def run(self, *arguments: str | Path, input: bytes | None = None, env: Mapping[str, str] | None = None) -> Result:
        """Run the command in this process; it never ends with a traceback."""
        result = CliRunner().invoke(
            cli, [str(argument) for argument in arguments], input=input, env={**self.environment, **(env or {})}
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result

    def load(self, *arguments: str | Path, exit_code: int | None = 0, **options: Any) -> list[dict[str, Any]]:
        """Load, and return what the command says of each file; the sums always hold."""
        result = self.run("load", *arguments, "--json", **options)
        assert exit_code in (None, result.exit_code), result.output
        reports = [json.loads(line) for line in result.stdout.splitlines()]
        for report in reports:
            assert report["events"] == report["loaded"] + report["rejected"] + report["duplicate"]
        return reports

    def command(self, *arguments: str | Path) -> list[str]:
        """Return the command line for another process."""
        return [sys.executable, "-m", "ci_intel.cli", *map(str, arguments)]

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
        """Run the command in a process of its own."""
        environment = {**os.environ, **self.environment, "PYTHONPATH": str(PROJECT), **options.pop("env", {})}
        return subprocess.Popen(
            self.command(*arguments), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
        )

    def finish(self, *arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
        """Run the command in a process of its own, to its end."""
        process = self.start(*arguments, **options)
        stdout, stderr = process.communicate(timeout=300)
        assert b"Traceback" not in stderr, stderr.decode()
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with duckdb.connect(str(self.path), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        """Return the only value of a query."""
        [(value,)] = self.rows(sql)
        return value

    def tables(self, schema: str) -> set[str]:
        """Return the names of the tables and views of a schema."""
        found = self.rows(f"select table_name from information_schema.tables where table_schema = '{schema}'")
        return {name for (name,) in found}

    def execute(self, sql: str) -> None:
        """Change the warehouse behind the command's back."""
        with duckdb.connect(str(self.path)) as connection:
            connection.execute(sql)

    def file(self, name: str, content: bytes) -> Path:
        """Write a file to load."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path
