"""
What a metric of a dataset may be: stored columns added up, and nothing computed.

Metrics are computed in dbt and nowhere else. A dashboard may add up stored counts, divide two such sums, take the
largest or smallest of a stored value, and count rows; anything further would be a second definition of a number.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

ALLOWED = "sum(column), sum(column) / nullif(sum(column), 0), max(column), min(column) or count(*)"


@dataclass(frozen=True)
class Reading:
    """Which stored columns an expression reads; `fault` says why it is none that a dashboard may have."""

    columns: frozenset[str]
    fault: str | None = None


def read_expression(expression: str) -> Reading:
    """Read the SQL of a metric."""
    try:
        parsed = sqlglot.parse_one(expression, dialect="bigquery")
    except SqlglotError as error:
        return Reading(frozenset(), f"cannot be read: {error}")
    columns = frozenset(column.name for column in parsed.find_all(exp.Column))
    if _is_aggregate(parsed) or _is_ratio_of_sums(parsed):
        return Reading(columns)
    return Reading(columns, f"computes; it may be {ALLOWED}")


def _is_aggregate(node: exp.Expr) -> bool:
    if isinstance(node, exp.Count):
        return isinstance(node.this, exp.Star)
    return isinstance(node, exp.Sum | exp.Max | exp.Min) and _is_bare_column(node)


def _is_bare_column(node: exp.Expr) -> bool:
    """Tell whether an aggregate is of one column, without `distinct`, a condition or a second argument."""
    return isinstance(node.this, exp.Column) and not node.args.get("expressions")


def _is_ratio_of_sums(node: exp.Expr) -> bool:
    if not isinstance(node, exp.Div) or not isinstance(node.expression, exp.Nullif):
        return False
    below = node.expression
    zero = below.expression
    return _is_sum(node.this) and _is_sum(below.this) and isinstance(zero, exp.Literal) and zero.name == "0"


def _is_sum(node: exp.Expr) -> bool:
    return isinstance(node, exp.Sum) and _is_bare_column(node)
