"""What a weekly digest says: the reds, what changed, and what presses most. Markdown and Slack say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ci_intel.words import counted
from dashboards.report import words
from dashboards.report.facts import Cell, Facts, Origin, Row

# A digest is read on a phone: what is beyond this is counted, and in the page.
TOP_CELLS = 8
TOP_MATTERS = 5


@dataclass(frozen=True)
class Part:
    """The digest of one origin; each list is cut, and `…_left` says how much is beyond."""

    origin: Origin
    summary: str
    reds: Sequence[str]
    reds_left: int
    changes: Sequence[str]
    changes_left: int
    matters: Sequence[tuple[str, str]]
    matters_left: int


def title(facts: Facts) -> str:
    """The digest's first line."""
    return f"CI Intelligence Hub, week of {words.week(facts.week)}"


def as_of(facts: Facts) -> str:
    """As of when it speaks."""
    text = f"As of {words.moment(facts.built_at)}; newest evidence loaded {words.moment(facts.loaded_at)}."
    return text if facts.is_latest else f"{text} An earlier week: what needs attention is that of now."


def parts(facts: Facts) -> Sequence[Part]:
    """The digest, origin by origin."""
    return [_part(origin) for origin in facts.origins]


def _part(origin: Origin) -> Part:
    reds = [_cell(cell) for cell in origin.with_status("red")]
    changes = [f"{cell.before['status']} → {_cell(cell)}" for cell in origin.changed if cell.before is not None]
    matters = [(_matter(row), _whose(row)) for row in origin.matters]
    return Part(
        origin,
        _summary(origin),
        reds[:TOP_CELLS],
        max(len(reds) - TOP_CELLS, 0),
        changes[:TOP_CELLS],
        max(len(changes) - TOP_CELLS, 0),
        matters[:TOP_MATTERS],
        max(len(matters) - TOP_MATTERS, 0),
    )


def _summary(origin: Origin) -> str:
    if not origin.measured_count:
        return "Nothing of the scorecard was measured."
    statuses = ", ".join(f"{len(origin.with_status(status))} {status}" for status in ("red", "amber", "green", "grey"))
    return f"{statuses}; {counted(len(origin.matters), 'open matter')}. Grey is unknown, not good."


def _cell(cell: Cell) -> str:
    now = cell.now
    trend = f" ({words.TRENDS[now['trend']]} than four weeks ago)" if now["trend"] in ("better", "worse") else ""
    return (
        f"{now['status']} {words.MARKS[now['status']]} {now['name']}: {now['why'].rstrip('.')}{trend}. {now['owner']}."
    )


def _matter(row: Row) -> str:
    return f"{row['rank_number']}. {row['severity']}: {row['sentence']}"


def _whose(row: Row) -> str:
    return f"{row['owner']}, open since {words.day(row['since_at'])}. Next: {row['next_step']}"
