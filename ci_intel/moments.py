"""Moments: RFC 3339 text in, UTC out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}):(\d{2})(?:\.(\d{1,6})\d*)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


def utc(text: str) -> datetime:
    """
    Return the moment that `text` names, in UTC, cut to microseconds.

    A leap second (`:60`) is the first moment of the next minute, as POSIX clocks have it.
    Format: RFC 3339, section 5.6. Raises `ValueError` for anything else, a time without an offset
    among it: `astimezone` would quietly take that for this machine's local time.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"not an RFC 3339 time with an offset: {text!r}")
    day, minute, second, fraction, offset = match.groups()
    is_leap = second == "60"
    moment = datetime.fromisoformat(
        f"{day}T{minute}:{'59' if is_leap else second}.{(fraction or '0').ljust(6, '0')}{offset.upper()}"
    )
    try:
        moment = moment.astimezone(UTC)
        return moment.replace(microsecond=0) + timedelta(seconds=1) if is_leap else moment
    except OverflowError as error:
        raise ValueError(f"outside the calendar: {text!r}") from error


def as_text(moment: datetime) -> str:
    """Return a moment in UTC as RFC 3339 text, to the millisecond."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_moment(text: str) -> bool:
    """Tell whether `text` names a moment that a calendar has, from year 1 to 9999 in UTC."""
    try:
        utc(text)
    except ValueError:
        return False
    return True
