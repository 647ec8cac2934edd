"""Pull requests: how each change that is deployed was written, reviewed and merged, and those that never were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from simulate.chance import Chance, commit, sha256
from simulate.delivery import Change, Deployment, delivered
from simulate.fleet import Repository
from simulate.world import Event, Sent, World, moment, rfc3339

_DAY_ZERO = date(2020, 1, 1)
_NUMBERS_A_DAY = 50
_ABANDONED = 45
"""The last numbers of a day: no day has so many changes."""


@dataclass(frozen=True)
class _Pace:
    """How long the parts of a pull request take: the least, the most and the usual, in hours."""

    coding: tuple[float, float, float]
    pickup: tuple[float, float, float]
    review: tuple[float, float, float]
    merging: tuple[float, float, float]


_ORDINARY = _Pace((0.5, 40, 5), (0.1, 18, 2), (0.1, 12, 1.5), (0.05, 3, 0.3))
_SLOW = _Pace((0.5, 40, 5), (0.1, 18, 2), (40, 120, 70), (0.05, 3, 0.3))
_BOT = _Pace((0.02, 0.2, 0.05), (0.05, 6, 0.5), (0.02, 0.5, 0.1), (0.02, 0.5, 0.1))
_HOTFIX = _Pace((0.1, 0.4, 0.2), (0.02, 0.1, 0.05), (0.02, 0.1, 0.05), (0.01, 0.05, 0.02))


def events(world: World, repository: Repository, day: date) -> Iterator[Sent]:
    """Yield the pull requests of what a day deploys, when they were merged, and one that is opened and given up."""
    chance = world.chance(repository, day, "pull_requests")
    place = 0
    for deployment in delivered(world, repository, day).deployments:
        for change in deployment.changes:
            place += 1
            pace = _pace(world, repository, day, deployment, change)
            event = _merged(world, repository, change, _number(day, place), pace, chance)
            yield Sent(change.committed, event)
    if world.sends(repository, day) and day.weekday() < 5 and chance.happens(0.3):
        yield from _abandoned(world, repository, day, chance)


def _number(day: date, place: int) -> int:
    return (day - _DAY_ZERO).days * _NUMBERS_A_DAY + place


def _pace(world: World, repository: Repository, day: date, deployment: Deployment, change: Change) -> _Pace:
    if deployment.is_hotfix:
        return _HOTFIX
    if change.is_bot:
        return _BOT
    return _SLOW if world.tells("slow_review", repository, day) else _ORDINARY


def _merged(world: World, repository: Repository, change: Change, number: int, pace: _Pace, chance: Chance) -> Event:
    """Return the pull request of a change: squashed, so that its merge is the commit that is deployed."""
    merged = change.committed
    approved = merged - _hours(chance, pace.merging)
    reviewed = approved - _hours(chance, pace.review)
    ready = reviewed - _hours(chance, pace.pickup)
    is_reviewed = not chance.happens(0.3 if change.is_bot else 0.04)
    was_draft = not change.is_bot and chance.happens(0.15)
    opened = ready - timedelta(hours=chance.uniform(1, 30)) if was_draft else ready
    first = min(opened, ready) - _hours(chance, pace.coding)
    event = _opened(world, repository, number, opened, is_bot=change.is_bot) | {
        "is_draft": False,
        "merged_at": rfc3339(merged),
        "closed_at": rfc3339(merged),
        "merge_commit_sha": change.sha,
        "additions": chance.about(90),
        "deletions": chance.about(30),
        "changed_files": 1 + chance.count(5),
        "commits": list(_commits(world, change, first, ready, chance)),
        "emitted_at": rfc3339(merged),
    }
    if was_draft:
        event["ready_for_review_at"] = rfc3339(ready)
    if is_reviewed:
        event |= {"first_review_at": rfc3339(reviewed), "approved_at": rfc3339(approved)}
    return event


def _commits(world: World, change: Change, first: datetime, last: datetime, chance: Chance) -> Iterator[Event]:
    count = 1 + (0 if change.is_bot else chance.count(1.5))
    for place in range(count):
        authored = first + (last - first) * place / count
        yield {
            "sha": commit(world.seed, change.sha, "branch", place),
            "authored_at": rfc3339(authored),
            "committed_at": rfc3339(authored + timedelta(minutes=3)),
            "author_type": "bot" if change.is_bot else "human",
        }


def _abandoned(world: World, repository: Repository, day: date, chance: Chance) -> Iterator[Sent]:
    """Yield a pull request that is reviewed and then closed without a merge, if the window lasts that long."""
    opened = moment(day, chance.uniform(8, 16))
    closed = opened + timedelta(hours=chance.uniform(20, 160))
    event = _opened(world, repository, _number(day, _ABANDONED), opened, is_bot=chance.happens(repository.bots))
    yield Sent(opened, event)
    reviewed = opened + (closed - opened) * chance.uniform(0.1, 0.8)
    yield Sent(
        closed,
        event | {"first_review_at": rfc3339(reviewed), "closed_at": rfc3339(closed), "emitted_at": rfc3339(closed)},
    )


def _opened(world: World, repository: Repository, number: int, opened: datetime, *, is_bot: bool) -> Event:
    return {
        "schema": "pull_request.v1.0",
        "provider": repository.provider,
        "repo": repository.name,
        "number": number,
        "title_sha256": sha256(world.seed, repository.name, "title", number),
        "author_type": "bot" if is_bot else "human",
        "is_draft": False,
        "base_branch": "main",
        "opened_at": rfc3339(opened),
        "emitted_at": rfc3339(opened),
    }


def _hours(chance: Chance, span: tuple[float, float, float]) -> timedelta:
    return timedelta(seconds=int(chance.triangular(*span) * 3600))
