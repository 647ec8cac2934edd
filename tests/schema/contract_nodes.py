"""Walking a contract: every subschema, with its place in documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Place = tuple[str, ...]
"""Names of fields; `[]` for the elements of a list, `{}` for the values of an open map."""

_CONDITIONS = ("if", "then", "else", "not", "allOf", "anyOf", "oneOf")


def nodes(schema: Any, place: Place = ()) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """Yield every subschema that describes a value; what stands under a condition describes none."""
    if not isinstance(schema, Mapping):
        return
    yield place, schema
    for name, inner in schema.get("properties", {}).items():
        yield from nodes(inner, (*place, name))
    yield from nodes(schema.get("items"), (*place, "[]"))
    yield from nodes(schema.get("additionalProperties"), (*place, "{}"))


def types(node: Mapping[str, Any]) -> set[str]:
    """Return the types that a subschema names."""
    said = node.get("type", [])
    return {said} if isinstance(said, str) else set(said)
