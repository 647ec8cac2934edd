"""
The weekly digest as a Slack message: Block Kit's JSON, to be posted to an incoming webhook as it is.

Whatever comes from evidence is in objects of type plain_text, in which Slack formats, links and calls
nothing. https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from dashboards.report import digest
from dashboards.report.facts import Facts

# Block Kit's limits.
MAX_BLOCKS = 50
MAX_TEXT = 3000
MAX_HEADER = 150

Block = dict[str, Any]


def slack(facts: Facts, *, dashboards_url: str | None) -> str:
    """Write the message, within Block Kit's limits."""
    blocks = list(_blocks(facts, dashboards_url))
    if len(blocks) > MAX_BLOCKS:
        blocks = [*blocks[: MAX_BLOCKS - 1], _context("The message was cut: more is in the report.")]
    message = {"text": _escaped(digest.title(facts)), "blocks": blocks}
    return orjson.dumps(message, option=orjson.OPT_INDENT_2).decode() + "\n"


def _blocks(facts: Facts, dashboards_url: str | None) -> Iterator[Block]:
    yield _header(digest.title(facts))
    yield _context(digest.as_of(facts))
    for part in digest.parts(facts):
        yield {"type": "divider"}
        label = " (SIMULATED: nothing here is real)" if part.origin.is_simulated else ""
        yield _section(f"{part.origin.name}{label}: {part.summary}")
        yield from _list("Red", part.reds, part.reds_left)
        yield from _list("Changed since the week before", part.changes, part.changes_left)
        if part.matters:
            yield _header("What needs somebody" + (" (simulated)" if part.origin.is_simulated else ""))
        for sentence, whose in part.matters:
            yield _section(sentence)
            yield _context(whose)
        if part.matters_left:
            yield _context(f"and {part.matters_left} more open")
    if dashboards_url:
        yield {
            "type": "actions",
            "elements": [{"type": "button", "text": _plain("Dashboards", MAX_TEXT), "url": dashboards_url}],
        }


def _list(heading: str, items: Sequence[str], left: int) -> Iterator[Block]:
    if not items:
        return
    more = [f"and {left} more"] if left else []
    # Each is cut for itself: one long line does not take the place of the others.
    shown = [_cut(f"• {' '.join(item.split())}", MAX_TEXT // (digest.TOP_CELLS + 2)) for item in items]
    yield _section("\n".join([f"{heading}:", *shown, *more]))


def _section(text: str) -> Block:
    return {"type": "section", "text": _plain(text, MAX_TEXT)}


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(text, MAX_HEADER)}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [_plain(text, MAX_TEXT)]}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": _cut(text, limit), "emoji": False}


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _escaped(text: str) -> str:
    """Text for the notification, which Slack reads as mrkdwn."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
