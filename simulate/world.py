"""The world that is simulated: its window of days, its seed, and which stories are on when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from simulate.chance import Chance, chance
from simulate.fleet import Repository
from simulate.stories import STORIES

Event = dict[str, Any]


class Sent(NamedTuple):
    """An event, and the moment at which the world knew it: nothing in it is later."""

    at: datetime
    event: Event


@dataclass(frozen=True)
class World:
    """`days` complete days that end with the midnight (UTC) at which `until` begins."""

    days: int
    seed: int
    until: date

    @property
    def first(self) -> date:
        """The first day of the window."""
        return self.until - timedelta(days=self.days)

    @property
    def end(self) -> datetime:
        """The moment at which the window is over; nothing is known of it or of anything after it."""
        return moment(self.until)

    def dates(self) -> Iterator[date]:
        """Yield the days of the window."""
        for offset in range(self.days):
            yield self.first + timedelta(days=offset)

    def chance(self, repository: Repository, day: date, matter: str) -> Chance:
        """Return the chance of one matter of a repository's day."""
        return chance(self.seed, repository.name, day, matter)

    def tells(self, story: str, repository: Repository, day: date) -> bool:
        """Tell whether a story is on in a repository on a day."""
        teller, begins, ends = _span(story, self.until)
        return repository.name == teller and begins <= day < ends

    def sends(self, repository: Repository, day: date) -> bool:
        """Tell whether anything is heard of a repository on a day."""
        return not self.tells("silent_source", repository, day) and not self.tells("archived_service", repository, day)


@lru_cache(maxsize=1024)
def _span(story: str, until: date) -> tuple[str, date, date]:
    told = STORIES[story]
    begins, ends = told.span(until)
    return told.repository, begins, ends


def moment(day: date, hours: float = 0.0) -> datetime:
    """Return the moment `hours` after a day's midnight, UTC, cut to seconds."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=int(hours * 3600))


def rfc3339(at: datetime) -> str:
    """Write a moment, which is in UTC, as RFC 3339 in milliseconds."""
    return at.isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"


def milliseconds(begins: datetime, ends: datetime) -> int:
    """Return the time between two moments."""
    return (ends - begins) // timedelta(milliseconds=1)
