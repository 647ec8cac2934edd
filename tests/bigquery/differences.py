"""Where two tables that should hold the same rows do not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engines import Rows

SHOWN = 3
RELATIVE_TOLERANCE = 1e-12
"""For what floating functions return: a few units in the last of sixteen digits."""

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Differences:
    """Rows that only one of two tables has; in order, so that the likeliest pairs stand side by side."""

    columns: tuple[str, ...]
    only_left: Sequence[Row]
    only_right: Sequence[Row]

    @property
    def count(self) -> int:
        """How many rows differ."""
        return max(len(self.only_left), len(self.only_right))

    def __str__(self) -> str:
        said = [f"{len(self.only_left)} rows only in DuckDB, {len(self.only_right)} only in BigQuery"]
        said += [f"  {self._nearest(row)}" for row in self.only_left[:SHOWN]]
        if not self.only_left:
            said += [f"  only in BigQuery: {row}" for row in self.only_right[:SHOWN]]
        return "\n".join(said)

    def _nearest(self, row: Row) -> str:
        """Show the columns in which a row differs from the one that is most like it."""
        if not self.only_right:
            return f"only in DuckDB: {row}"
        nearest = min(self.only_right, key=lambda other: sum(a != b for a, b in zip(row, other, strict=True)))
        return ", ".join(
            f"{column}: {mine!r} / {theirs!r}"
            for column, mine, theirs in zip(self.columns, row, nearest, strict=True)
            if not _same(mine, theirs)
        )


def differences(left: Rows, right: Rows, *, floating: frozenset[str] = frozenset()) -> Differences:
    """
    Compare row for row, in all columns, in any order; how often a row occurs counts.

    The columns `floating` may differ by `RELATIVE_TOLERANCE`. Raises `AssertionError` if the
    columns are not the same ones.
    """
    assert left.columns == right.columns, (left.columns, right.columns)
    exact = [place for place, column in enumerate(left.columns) if column not in floating]
    waiting: dict[Row, list[Row]] = {}
    for row in right.rows:
        waiting.setdefault(_key(row, exact), []).append(row)
    only_left = []
    for row in left.rows:
        candidates = waiting.get(_key(row, exact), [])
        match = next((other for other in candidates if all(map(_near, row, other))), None)
        if match is None:
            only_left.append(row)
        else:
            candidates.remove(match)
    only_right = [row for rows in waiting.values() for row in rows]
    return Differences(left.columns, sorted(only_left, key=repr), sorted(only_right, key=repr))


def _key(row: Row, places: Sequence[int]) -> Row:
    # 1, 1.0 and true are the same to Python, and different answers.
    return tuple((type(row[place]), row[place]) for place in places)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _near(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=RELATIVE_TOLERANCE)
    return _same(one, other)


def report(found: Mapping[str, Differences]) -> str:
    """Say of each table what differs."""
    return "\n".join(f"{name}: {each}" for name, each in found.items() if each.count)
