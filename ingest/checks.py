"""Checks that several topics make of an event which already keeps to its schema."""

from __future__ import annotations

from datetime import datetime

from ci_intel.moments import utc


def is_reversed(started_at: str | None, ended_at: str | None) -> bool:
    """Tell whether something ends before it starts; what has no start or no end does not."""
    if started_at is None or ended_at is None:
        return False
    return instant(ended_at) < instant(started_at)


def instant(text: str) -> datetime:
    """Return the moment of an RFC 3339 text: the common spellings fast, the others through `utc`."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return utc(text)
