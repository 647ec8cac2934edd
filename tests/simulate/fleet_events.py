"""What the tests of the simulated fleet share: its events, read back, and what to ask of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from simulate.evidence import simulated
from simulate.stories import STORIES
from simulate.world import World

Event = dict[str, Any]


class Evidence:
    """The events of one simulated world, as somebody reads them who knows nothing but the files."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lines = {topic: content.splitlines() for topic, content in simulated(world).items()}
        self.events = {topic: [json.loads(line) for line in lines] for topic, lines in self.lines.items()}

    def of(self, topic: str, repository: str | None = None) -> list[Event]:
        return [event for event in self.events[topic] if repository in (None, event["repo"])]

    def told(self, story: str, topic: str, time: str) -> list[Event]:
        """Return the events of a story's repository whose `time` lies in its span."""
        begins, ends = STORIES[story].span(self.world.until)
        return [
            event
            for event in self.of(topic, STORIES[story].repository)
            if time in event and begins <= day_of(event[time]) < ends
        ]


@lru_cache(maxsize=4)
def evidence(days: int, seed: int, until: date) -> Evidence:
    return Evidence(World(days, seed, until))


def day_of(text: str) -> date:
    return datetime.fromisoformat(text).date()


def monday_of(text: str) -> date:
    day = day_of(text)
    return day - timedelta(days=day.weekday())


def texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text in an event, with the name of the field it is in."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, key)
    elif isinstance(value, str):
        yield key, value


def grouped(events: list[Event], *keys: str) -> dict[tuple[Any, ...], list[Event]]:
    groups: dict[tuple[Any, ...], list[Event]] = defaultdict(list)
    for event in events:
        groups[tuple(event.get(key) for key in keys)].append(event)
    return groups


def failed_deployments(evidence: Evidence, repository: str) -> set[str]:
    """Return the ids of the production deployments that an incident or a repair says have failed."""
    linked = {event["deployment_id"] for event in evidence.of("incident", repository) if "deployment_id" in event}
    repaired = {
        event["fixes_deployment_id"]
        for event in evidence.of("deployment", repository)
        if event["status"] == "success" and "fixes_deployment_id" in event
    }
    return linked | repaired


def live_deployments(evidence: Evidence, repository: str) -> list[Event]:
    return [
        event
        for event in evidence.of("deployment", repository)
        if event["is_production"] and event["status"] == "success"
    ]
