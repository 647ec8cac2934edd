"""
What BigQuery refuses although GoogleSQL's analyzer takes it, because its engine cannot run it.

- A `left`, `right` or `full` join needs an equality of its two sides among the conditions.
- A correlated subquery is run as a join, so each condition on a column from outside has to be such an equality.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trees import concrete, inherited, nodes

_INNER_JOIN = 0
_SUBQUERY_MESSAGE = (
    "Correlated subqueries that reference other tables are not supported unless they can be de-correlated, "
    "such as by transforming them into an efficient JOIN."
)


def bigquery_problem(resolved: Any) -> str | None:
    """Return BigQuery's objection to a resolved statement; None if it has none that is known here."""
    for join in nodes(resolved, "ResolvedJoinScan"):
        if join.join_type != _INNER_JOIN and not _has_equality(join):
            kind = join.DESCRIPTOR.fields_by_name["join_type"].enum_type.values_by_number[join.join_type].name
            return (
                f"{kind} OUTER JOIN cannot be used without a condition that is an equality of fields from both sides "
                "of the join."
            )
    for subquery in nodes(resolved, "ResolvedSubqueryExpr"):
        outside = {parameter.column.column_id for parameter in subquery.parameter_list}
        if outside and not _is_equality_correlated(subquery, outside):
            return _SUBQUERY_MESSAGE
    return None


def _has_equality(join: Any) -> bool:
    left = _columns(concrete(join.left_scan))
    right = _columns(concrete(join.right_scan))
    return any(_is_equality(condition, left, right) for condition in _conditions(join.join_expr))


def _is_equality_correlated(subquery: Any, outside: set[int]) -> bool:
    """Tell whether columns from outside are only compared, for equality, with expressions that have none."""
    compared = 0
    for scan in nodes(subquery.subquery, "ResolvedFilterScan"):
        for condition in _conditions(scan.filter_expr):
            used = _references(condition)
            if used & outside:
                if not _is_equality(condition, outside, None):
                    return False
                compared += len([each for each in nodes(condition, "ResolvedColumnRef") if each.is_correlated])
    return compared == len([each for each in nodes(subquery.subquery, "ResolvedColumnRef") if each.is_correlated])


def _conditions(expression: Any) -> Iterator[Any]:
    """Yield what `and` joins."""
    node = concrete(expression)
    if _function(node) == "$and":
        for argument in inherited(node, "argument_list"):
            yield from _conditions(argument)
    else:
        yield node


def _is_equality(condition: Any, one: set[int], other: set[int] | None) -> bool:
    """Tell whether a condition equates an expression of `one` side with one of the `other`; None: of anything else."""
    if _function(condition) != "$equal":
        return False
    first, second = (_references(argument) for argument in inherited(condition, "argument_list"))
    return any(
        a and b and a <= one and (not b & one if other is None else b <= other)
        for a, b in ((first, second), (second, first))
    )


def _function(node: Any) -> str | None:
    if "FunctionCall" not in node.DESCRIPTOR.name:
        return None
    return str(inherited(node, "function").name).removeprefix("ZetaSQL:")


def _references(tree: Any) -> set[int]:
    return {reference.column.column_id for reference in nodes(tree, "ResolvedColumnRef")}


def _columns(scan: Any) -> set[int]:
    return {column.column_id for column in inherited(scan, "column_list")}
