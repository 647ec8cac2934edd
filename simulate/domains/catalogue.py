"""The catalogue of the fleet: who owns which repository, from when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from simulate.fleet import Repository
from simulate.stories import STORIES
from simulate.world import Event, Sent, World, moment, rfc3339


def events(world: World, repository: Repository, day: date) -> Iterator[Sent]:
    """Yield the repository's entry on the window's first day, and another on the day it is archived."""
    archived = STORIES["archived_service"]
    is_archived = world.tells(archived.name, repository, day)
    is_archival = is_archived and archived.span(world.until)[0] == day
    if day != world.first and not is_archival:
        return
    event: Event = {
        "schema": "repository.v1.0",
        "repo": repository.name,
        "valid_from": rfc3339(moment(day)),
        "team": repository.team,
        "service": repository.service,
        "tier": repository.tier,
        "default_branch": "main",
        "is_active": not is_archived,
        "provider": repository.provider,
        "emitted_at": rfc3339(moment(day)),
    }
    if repository.thresholds:
        event["thresholds"] = dict(repository.thresholds)
    yield Sent(moment(day), event)
