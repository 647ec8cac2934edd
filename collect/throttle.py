"""Rate limits: when the next request may be sent, how long that takes, and how long is too long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from collect.errors import CollectionEnded

# What GitHub asks for where a secondary limit says nothing else; it doubles with every further one.
_UNSAID_SECONDS = 60.0
_LONGEST_UNSAID_SECONDS = 900.0


def pause_asked_for(
    status: int, headers: Mapping[str, str], body: bytes, server_time: float, earlier: int
) -> float | None:
    """
    Return for how many seconds a provider wants no request; None if this is no matter of a rate limit.

    `server_time` is the provider's clock (seconds since 1970), by which it says when the limit resets; `earlier` is
    how often it has asked for a pause just before.
    Sources: GitHub, "Rate limits for the REST API"; GitLab, "Rate limits".
    """
    is_empty = headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining")) == "0"
    is_secondary = status in (403, 429) and b"secondary rate limit" in body.lower()
    if status != 429 and not (status == 403 and (is_empty or is_secondary or "retry-after" in headers)):
        return None
    retry_after = headers.get("retry-after", "")
    if retry_after.isdigit():
        return float(retry_after)
    reset = headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", ""))
    if is_empty and reset.isdigit():
        return max(float(reset) - server_time, 0.0) + 1.0
    return min(_UNSAID_SECONDS * float(2**earlier), _LONGEST_UNSAID_SECONDS)


class Throttle:
    """
    The gate that every request passes: open, or closed until the provider's limit resets.

    A pause longer than `longest_seconds` is not waited for: then `wait` raises `CollectionEnded`.
    """

    def __init__(self, longest_seconds: float, on_wait: Callable[[str], None]) -> None:
        self._longest_seconds = longest_seconds
        self._on_wait = on_wait
        self._open_at = 0.0
        self._why = ""
        self._said = 0.0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.waited_seconds = 0.0

    def close_for(self, seconds: float, why: str) -> None:
        """Let no request pass for so long."""
        with self._lock:
            until = time.monotonic() + seconds
            if until > self._open_at:
                self._open_at, self._why = until, why

    def wait(self) -> None:
        """Return when a request may be sent. Raises `CollectionEnded` if that would take too long."""
        while True:
            with self._lock:
                seconds = self._open_at - time.monotonic()
                if seconds <= 0:
                    return
                at = datetime.now(UTC) + timedelta(seconds=seconds)
                if seconds > self._longest_seconds:
                    raise CollectionEnded(
                        f"{self._why}: no request before {at:%Y-%m-%d %H:%M} UTC, which is longer than --max-wait "
                        f"({self._longest_seconds:g} s) allows; what was collected is committed: the same command "
                        "goes on from there"
                    )
                # Said and counted once, by whoever comes first; the others wait along.
                if self._said != self._open_at:
                    self._said = self._open_at
                    self.waited_seconds += seconds
                    self._on_wait(f"{self._why}: waiting {_words(seconds)}, until {at:%H:%M:%S} UTC")
            if self._ended.wait(seconds):
                raise CollectionEnded("interrupted while waiting for a rate limit")

    def end(self) -> None:
        """Wake everybody who waits; they give up."""
        self._ended.set()


def _words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
