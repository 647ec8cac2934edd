"""Numbers of things, as people write them."""

from __future__ import annotations


def counted(count: int, thing: str, things: str | None = None) -> str:
    """Return a number of things: 1 matter, 2 matters; `things` where an s is not what makes it more than one."""
    return f"{count:,} {noun(count, thing, things)}"


def noun(count: int, thing: str, things: str | None = None) -> str:
    """Return what so many of a thing are called."""
    return thing if count == 1 else things or f"{thing}s"
