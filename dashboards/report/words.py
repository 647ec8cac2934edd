"""Numbers and moments as people read them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

UNKNOWN = "not known"

# A colour is never alone: these stand beside it.
MARKS = {"red": "▼", "amber": "◆", "green": "●", "grey": "○"}
SEVERITIES = {"critical": "▲▲", "high": "▲", "medium": "◆", "low": "●"}
TRENDS = {"better": "better", "worse": "worse", "same": "unchanged", "unknown": ""}

# What no reader sees and XML does not take: control characters, and those that turn the direction of writing.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]+")
_LONGEST = 600
_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000


def readable(value: float | None, unit: str) -> str:
    """A value in its unit: ratios as percent, milliseconds as minutes, hours or days; null is not known."""
    if value is None:
        return UNKNOWN
    if unit == "ratio":
        return f"{_rounded(value * 100)} %"
    if unit == "ms":
        return _duration(value)
    return _rounded(value) if unit == "count" else f"{_rounded(value)} {unit}"


def _duration(milliseconds: float) -> str:
    size = abs(milliseconds)
    if size < _MINUTE:
        return f"{_rounded(milliseconds / 1000)} s"
    if size < _HOUR:
        return f"{_rounded(milliseconds / _MINUTE)} min"
    if size < 2 * _DAY:
        return f"{_rounded(milliseconds / _HOUR)} h"
    return f"{_rounded(milliseconds / _DAY)} days"


def _rounded(value: float) -> str:
    # Half away from zero, as the marts' own sentences have it; through text, or 6.25 would be a little less.
    digits = "0.01" if 0 < abs(value) < 1 else "0.1"
    text = f"{Decimal(repr(float(value))).quantize(Decimal(digits), ROUND_HALF_UP):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def day(value: date | datetime | None) -> str:
    """A day as 16 Nov 2026."""
    return UNKNOWN if value is None else f"{value.day} {value:%b %Y}"


def week(monday: date) -> str:
    """The days of a week: 16–22 Nov 2026."""
    sunday = monday + timedelta(days=6)
    begins = f"{monday.day}" if monday.month == sunday.month else f"{monday.day} {monday:%b}"
    return f"{begins}–{day(sunday)}"


def moment(value: datetime | None) -> str:
    """A moment as 16 Nov 2026, 14:05 UTC."""
    return UNKNOWN if value is None else f"{value.day} {value:%b %Y, %H:%M} UTC"


def clean(text: str) -> str:
    """A text of evidence, fit to be shown: on one line, of a length that somebody reads, without what is not seen."""
    shown = _UNSEEN.sub(" ", text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
