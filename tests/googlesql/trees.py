"""Walks over the trees that ZetaSQL answers with: inheritance is spelled there as `oneof`s, and as fields `parent`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def concrete(node: Any) -> Any:
    """Go down the `oneof`s that stand for inheritance to the node that is meant."""
    while (kinds := node.DESCRIPTOR.oneofs) and kinds[0].name == "node":
        node = getattr(node, node.WhichOneof("node"))
    return node


def inherited(node: Any, name: str) -> Any:
    """Return a field of a node, or of what it inherits from."""
    while name not in node.DESCRIPTOR.fields_by_name:
        node = node.parent
    return getattr(node, name)


def nodes(root: Any, *names: str) -> Iterator[Any]:
    """Yield all nodes of these kinds (`ResolvedJoinScan`) in a tree, the root included."""
    if root.DESCRIPTOR.name.removesuffix("Proto") in names:
        yield root
    for field, value in root.ListFields():
        if field.message_type is None:
            continue
        for child in value if field.is_repeated else (value,):
            yield from nodes(child, *names)
