"""Runs of dbt: the data platform builds its warehouse every morning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from simulate.chance import Chance, identifier
from simulate.fleet import Repository
from simulate.stories import STORIES
from simulate.world import Event, Sent, World, moment, rfc3339

_MODELS = ("stg_orders", "stg_customers", "orders", "customers", "revenue")
_TESTS = ("orders_are_unique", "customers_are_unique", "orders_have_a_customer", "revenue_is_positive")
_LATE = "orders_are_complete"


def events(world: World, repository: Repository, day: date) -> Iterator[Sent]:
    """Yield the build of a day, of the repository that has a warehouse to build."""
    if repository.name != STORIES["unfixed_warning"].repository or not world.sends(repository, day):
        return
    draws = world.chance(repository, day, "dbt")
    started = moment(day, 5)
    results = [_result(f"model.platform.{name}", "success", draws) for name in _MODELS]
    results += [_result(f"test.platform.{name}", "pass", draws, failures=0) for name in _TESTS]
    is_late = world.tells("unfixed_warning", repository, day)
    late = _result(f"test.platform.{_LATE}", "warn" if is_late else "pass", draws, failures=17 if is_late else 0)
    if is_late:
        late["message"] = "Got 17 results, configured to warn if != 0"
    results.append(late)
    elapsed_ms = sum(result["execution_ms"] for result in results)
    ended = started + timedelta(milliseconds=elapsed_ms, seconds=8)
    event: Event = {
        "schema": "dbt_run.v1.0",
        "provider": repository.provider,
        "repo": repository.name,
        "invocation_id": identifier(world.seed, repository.name, day, "dbt"),
        "command": "build",
        "dbt_version": "0.0.0-simulated",
        "started_at": rfc3339(started),
        "ended_at": rfc3339(ended),
        "elapsed_ms": elapsed_ms,
        "results": results,
    }
    yield Sent(ended, event)


def _result(unique_id: str, status: str, draws: Chance, **counted: int) -> Event:
    return {"unique_id": unique_id, "status": status, "execution_ms": draws.about(1500), **counted}
