"""The command, at work on a replayed API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hub import Hub
from replay import TOKEN, Server

SINCE = "2026-09-01"
# What tells one reading of the same answers from another, and nothing else.
_CLOCKS = "exclude (_loaded_at, _committed_at, _load_id, _event_id)"


@dataclass(frozen=True)
class Collected:
    """What a collection said and did."""

    exit_code: int
    repositories: list[dict[str, Any]]
    sum: dict[str, Any]
    errors: str

    @property
    def problems(self) -> list[str]:
        """What went wrong, over all repositories."""
        return [problem for repository in self.repositories for problem in repository["problems"]]


def arguments(
    server: Server, *more: str, repository: str | None = "acme/shop", since: str = SINCE, provider: str = "github"
) -> list[str]:
    named = ["--repository", repository] if repository else []
    return ["collect", provider, *named, "--since", since, "--api-url", server.url, *more]


def collect(hub: Hub, server: Server, *more: str, **options: Any) -> Collected:
    """Collect, and look for the token in everything that was said."""
    result = hub.run(*arguments(server, "--json", *more, **options))
    assert TOKEN not in result.output
    assert TOKEN not in result.stderr
    said = [json.loads(line) for line in result.stdout.splitlines()]
    assert said, result.output
    return Collected(result.exit_code, said[:-1], said[-1], result.stderr)


RAW = ("pipeline_runs", "pipeline_jobs", "deployments", "pull_requests", "pull_request_commits", "releases")


def state(hub: Hub) -> dict[str, Any]:
    """Return all that a collection leaves behind, but for when it was."""
    found: dict[str, Any] = {
        "loads": sorted(
            hub.rows("select load_id, generation, event_count, source_name, context_source from raw.loads")
        ),
        "positions": sorted(
            set(hub.rows("select kind, name, mark from raw.positions where kind not in ('through', 'since')"))
        ),
    }
    for table in RAW:
        names = [name for (name,) in hub.rows(f"select column_name from duckdb_columns() where table_name = '{table}'")]
        kept = ", ".join(name for name in names if name not in ("_loaded_at",))
        found[table] = sorted(hub.rows(f"select {kept} from raw.{table}"), key=repr)
    return found
