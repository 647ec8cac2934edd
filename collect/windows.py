"""
Windows: spans of time to ask for, the same ones every time, so that an unchanged answer is known to be unchanged.

An API that gives no more than so many objects per question is asked for less at a time: a span that holds too many
is halved. Spans are aligned to 1970 and not to now, so that tomorrow's questions are today's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = timedelta(days=32)
_SHORTEST = timedelta(minutes=12)


@dataclass(frozen=True)
class Window:
    """A span of time: `begin` belongs to it, `end` does not; both are whole seconds."""

    begin: datetime
    end: datetime

    def halves(self) -> tuple[Window, Window] | None:
        """Return the newer and the older half; None where that would be too short to help."""
        if self.end - self.begin <= _SHORTEST:
            return None
        middle = self.begin + timedelta(seconds=(self.end - self.begin).total_seconds() // 2)
        return Window(middle, self.end), Window(self.begin, middle)

    @property
    def query(self) -> str:
        """Return the span as GitHub's search writes it, where both ends belong to it."""
        return f"{_text(self.begin)}..{_text(self.end - timedelta(seconds=1))}"


def windows(since: datetime, until: datetime, *, floor: datetime) -> Iterator[Window]:
    """Yield the spans that cover all of `since` to `until`, newest first; none begins before `floor`."""
    number = (until - _EPOCH) // _LONGEST
    while (begin := _EPOCH + number * _LONGEST) + _LONGEST > since:
        yield Window(max(begin, floor), begin + _LONGEST)
        number -= 1


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
