"""
Hypothesis strategies: documents of a schema, valid events of a contract, and slightly damaged ones.

Written for the keywords that our contracts use; what stands under a condition is filtered.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from ci_intel import contracts

SPELLINGS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dt%H:%M:%S.%fz", "%Y-%m-%dT%H:%M:%S.%f123+02:00", "%Y-%m-%dT%H:%M:%S-00:00")
MOMENTS = st.builds(
    lambda moment, spelling: moment.strftime(spelling),
    st.datetimes(datetime(2001, 1, 1), datetime(2025, 12, 31)),
    st.sampled_from(SPELLINGS),
)
FORMATS = {
    "date-time": MOMENTS,
    "date": st.dates().map(str),
    "uuid": st.uuids().map(str),
    "uri": st.sampled_from(["https://ci.example.org/run/7", "oci://registry.example.org/shop", "urn:x:y"]),
}
LARGEST = 2**53 - 1
_ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 1e308, 2**53, 2**63, 2**64, "", "x", "\u0000", "2026-02-30T00:00:00Z",
    "2016-12-31T23:59:60Z", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z", "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59-23:59", "2026-01-01T00:00:00+24:00", "2026-01-01 00:00:00Z", [], {}, [None], {"x": 1},
    "http://[", "://", "a b", "%", "mailto:x", "０" * 40, "0" * 40 + "\n", "sha256:" + "0" * 64 + "\n",
    "123e4567-e89b-12d3-a456-42661417400", "{123e4567-e89b-12d3-a456-426614174000}",
)  # fmt: skip


def valid_events(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return events that keep to the contract `name`."""
    return documents(contracts.schema_of(name)).filter(lambda event: contracts.is_valid(name, event))


def documents(schema: Any) -> st.SearchStrategy[Any]:
    """Return documents of a schema; conditions and dependencies are left to the caller."""
    if schema is False:
        return st.nothing()
    if schema is True:
        return st.sampled_from([None, True, 0, "x"])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    said = schema["type"]
    return st.one_of([_OF_TYPE[name](schema) for name in ([said] if isinstance(said, str) else said)])


def _texts(schema: Any) -> st.SearchStrategy[str]:
    if "format" in schema:
        return FORMATS[schema["format"]]
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 1000)
    if "pattern" in schema:
        # `$` alone would let a newline follow.
        matching = st.from_regex(schema["pattern"].removesuffix("$") + r"\Z")
        return matching.filter(lambda text: shortest <= len(text) <= longest)
    return st.text(st.characters(codec="utf-8"), min_size=shortest, max_size=min(longest, shortest + 8))


def _integers(schema: Any) -> st.SearchStrategy[int]:
    return st.integers(
        max(schema.get("minimum", -LARGEST), schema.get("exclusiveMinimum", -LARGEST - 1) + 1),
        schema.get("maximum", LARGEST),
    )


def _numbers(schema: Any) -> st.SearchStrategy[float]:
    fractions = st.floats(
        max(schema.get("minimum", -1e15), schema.get("exclusiveMinimum", -1e15)),
        schema.get("maximum", 1e15),
        exclude_min="exclusiveMinimum" in schema,
    )
    return st.one_of(fractions, _integers(schema))


def _lists(schema: Any) -> st.SearchStrategy[list[Any]]:
    shortest, items = schema.get("minItems", 0), documents(schema.get("items", True))
    if items.is_empty:
        # Nothing can be in it.
        return st.nothing() if shortest else st.just([])
    return st.lists(
        items,
        min_size=shortest,
        max_size=min(schema.get("maxItems", 3), shortest + 3),
        unique_by=repr if schema.get("uniqueItems") else None,
    )


def _objects(schema: Any) -> st.SearchStrategy[dict[str, Any]]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    required = {name: documents(known.get(name, others)) for name in schema.get("required", ())}
    declared = st.fixed_dictionaries(
        required, optional={name: documents(inner) for name, inner in known.items() if name not in required}
    )
    if others is False:
        return declared
    if documents(others).is_empty:
        return declared
    surplus = st.dictionaries(st.text("klmn", min_size=1), documents(others), max_size=2)
    return st.builds(lambda more, said: {**more, **said}, surplus, declared)


_OF_TYPE: Mapping[str, Callable[[Any], st.SearchStrategy[Any]]] = {
    "null": lambda _: st.none(),
    "boolean": lambda _: st.booleans(),
    "integer": _integers,
    "number": _numbers,
    "string": _texts,
    "array": _lists,
    "object": _objects,
}


@st.composite
def damaged(draw: st.DrawFn, events: st.SearchStrategy[Any]) -> Any:
    """Return an event of which one value was replaced, removed or added to."""
    event = copy.deepcopy(draw(events))
    holders = [holder for holder in _holders(event) if holder]
    holder = draw(st.sampled_from(holders))
    place = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    how = draw(st.sampled_from(["replace", "remove", "add"]))
    if how == "replace":
        holder[place] = copy.deepcopy(draw(st.sampled_from(_ODD)))
    elif how == "remove":
        del holder[place]
    elif isinstance(holder, dict):
        holder["surplus"] = draw(st.sampled_from(_ODD))
    else:
        holder.append(copy.deepcopy(holder[place]))
    return event


def _holders(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value, *(inner for entry in value.values() for inner in _holders(entry))]
    if isinstance(value, list):
        return [value, *(inner for entry in value for inner in _holders(entry))]
    return []
