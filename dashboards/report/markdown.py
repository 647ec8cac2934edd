"""The weekly digest as Markdown, for an issue, a wiki or a chat that reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dashboards.report import digest
from dashboards.report.facts import Facts

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&$])")
# At the beginning of a line these would begin a list, a heading or a rule; and :words: would be a picture.
_BEGINNING = re.compile(r"^(\d*)([-+=.)])")
_EMOJI = re.compile(r":(?=[\w+-]+:)")
# Nobody is called, and nothing becomes a link: a character without width stands between.
_MENTION = re.compile(r"@(?=\w)")
_ADDRESS = re.compile(r"(?i)(\bwww)(?=\.)|(?<=\w)(:)(?=//)")
_GAP = "\u200b"


def markdown(facts: Facts, *, dashboards_url: str | None) -> str:
    """Write the digest. What comes from evidence is text: it formats, links and calls nothing."""
    return "\n".join(_lines(facts, dashboards_url))


def _lines(facts: Facts, dashboards_url: str | None) -> Iterator[str]:
    yield f"# {escaped(digest.title(facts))}"
    yield ""
    yield escaped(digest.as_of(facts))
    for part in digest.parts(facts):
        yield ""
        label = " (simulated: nothing here is real)" if part.origin.is_simulated else ""
        yield f"## {part.origin.name}{label}"
        yield ""
        yield escaped(part.summary)
        yield from _list("Red", part.reds, part.reds_left)
        yield from _list("Changed since the week before", part.changes, part.changes_left)
        matters = [f"{sentence} – {whose}" for sentence, whose in part.matters]
        yield from _list("What needs somebody", matters, part.matters_left)
    if dashboards_url:
        yield ""
        yield f"[Dashboards](<{dashboards_url}>)"
    yield ""


def _list(heading: str, items: Sequence[str], left: int) -> Iterator[str]:
    if not items:
        return
    yield ""
    yield f"### {heading}"
    yield ""
    for item in items:
        yield f"- {escaped(item)}"
    if left:
        yield f"- and {left} more"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    flat = " ".join(text.split())
    flat = _ADDRESS.sub(lambda found: f"{found[0]}{_GAP}", flat)
    flat = _MENTION.sub(f"@{_GAP}", flat)
    flat = _SPECIAL.sub(r"\\\1", flat)
    return _EMOJI.sub(r"\\:", _BEGINNING.sub(r"\1\\\2", flat))
