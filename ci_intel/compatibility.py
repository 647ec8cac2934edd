"""
Compatibility: whether every document of an older contract is one of a newer contract too.

The answer is proven from the two schemas, not tried out on documents. It is careful: what cannot be
proven (a changed pattern, a changed condition) counts as incompatible, with the place and the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from ci_intel import contracts
from ci_intel.contracts import Contract, Violation

_Schema = Mapping[str, Any] | bool

_ANNOTATIONS = frozenset(
    {"$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"}
)
_COMPARED = frozenset(
    {
        "type",
        "enum",
        "const",
        "format",
        "pattern",
        "required",
        "properties",
        "additionalProperties",
        "items",
        "uniqueItems",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    }
)
_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
_SIZES = {"string": "Length", "array": "Items", "object": "Properties"}
_SHORTEST = {"uuid": 36, "date-time": 20, "date": 10, "uri": 2}
"""How short a text of a format can be, so that leaving a format for a length is no narrowing."""


def broken_promises() -> Iterator[tuple[Contract, Violation]]:
    """
    Yield where a registered contract does not accept what the version before it accepted.

    A new minor version promises that it does, whatever mode the registry gives it.
    """
    for topic in contracts.topics().values():
        for older, newer in pairwise(topic.contracts):
            if older.version.partition(".")[0] != newer.version.partition(".")[0]:
                continue
            if newer.compatibility != "BACKWARD":
                yield newer, Violation("", f"a minor version is BACKWARD compatible, not {newer.compatibility}")
            for violation in incompatibilities(contracts.schema_of(older.name), contracts.schema_of(newer.name)):
                yield newer, violation


def incompatibilities(older: Mapping[str, Any], newer: Mapping[str, Any]) -> Iterator[Violation]:
    """
    Yield where a document that `older` accepts may be refused by `newer`, for another word in `schema`.

    The pointers are those of documents, with `*` for the elements of a list and the values of a map.
    """
    yield from _compare(_without_word(older), _without_word(newer), "")


def _without_word(contract: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = contract.get("properties", {})
    return {**contract, "properties": {**properties, "schema": True}} if "schema" in properties else contract


def _compare(older: _Schema, newer: _Schema, pointer: str) -> Iterator[Violation]:
    if older is False or newer is True:
        return
    if newer is False:
        yield Violation(pointer, "no longer allowed")
        return
    old: Mapping[str, Any] = {} if older is True else older
    if "enum" in old or "const" in old:
        yield from _compare_values(old, newer, pointer)
        return
    yield from _compare_types(old, newer, pointer)
    if "enum" in newer or "const" in newer:
        yield Violation(pointer, "restricted to listed values")
    types = _types(old)
    if types & {"integer", "number"}:
        yield from _compare_bounds(old, newer, pointer)
    for kind, what in _SIZES.items():
        if kind in types:
            yield from _compare_sizes(old, newer, what, pointer)
    if "string" in types:
        yield from _compare_texts(old, newer, pointer)
    if "array" in types:
        if newer.get("uniqueItems") and not old.get("uniqueItems"):
            yield Violation(pointer, "elements may no longer repeat")
        yield from _compare(old.get("items", True), newer.get("items", True), f"{pointer}/*")
    if "object" in types:
        yield from _compare_objects(old, newer, pointer)
    yield from _compare_others(old, newer, pointer)


def _compare_values(old: Mapping[str, Any], newer: Mapping[str, Any], pointer: str) -> Iterator[Violation]:
    """Few values can be tried one by one."""
    from jsonschema import Draft202012Validator

    judge = Draft202012Validator(dict(newer), format_checker=Draft202012Validator.FORMAT_CHECKER)
    for value in [old["const"]] if "const" in old else old["enum"]:
        if not judge.is_valid(value):
            yield Violation(pointer, f"the value {value!r} is no longer allowed")


def _types(schema: Mapping[str, Any]) -> frozenset[str]:
    said = schema.get("type")
    if said is None:
        return _TYPES
    types = frozenset([said] if isinstance(said, str) else said)
    return types | {"integer"} if "number" in types else types


def _compare_types(old: Mapping[str, Any], newer: Mapping[str, Any], pointer: str) -> Iterator[Violation]:
    if lost := _types(old) - _types(newer):
        yield Violation(pointer, f"the type {' or '.join(sorted(lost))} is no longer allowed")


def _compare_bounds(old: Mapping[str, Any], newer: Mapping[str, Any], pointer: str) -> Iterator[Violation]:
    for bound, exclusive, sign in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
        before, after = (_strictest(schema, bound, exclusive, sign) for schema in (old, newer))
        if after is not None and (before is None or after > before):
            yield Violation(pointer, f"the {bound} is narrower than it was")


def _strictest(schema: Mapping[str, Any], bound: str, exclusive: str, sign: int) -> tuple[float, bool] | None:
    """Return a bound so that the greater of two is the narrower."""
    said = [(sign * schema[name], name == exclusive) for name in (bound, exclusive) if name in schema]
    return max(said, default=None)


def _compare_texts(old: Mapping[str, Any], newer: Mapping[str, Any], pointer: str) -> Iterator[Violation]:
    for keyword in ("pattern", "format"):
        if keyword in newer and newer[keyword] != old.get(keyword):
            yield Violation(pointer, f"the {keyword} {newer[keyword]!r} is new or another")


def _compare_sizes(old: Mapping[str, Any], newer: Mapping[str, Any], what: str, pointer: str) -> Iterator[Violation]:
    shortest = max(old.get(f"min{what}", 0), _SHORTEST.get(old.get("format", ""), 0) if what == "Length" else 0)
    if newer.get(f"min{what}", 0) > shortest:
        yield Violation(pointer, f"min{what} {newer[f'min{what}']} is more than was asked for")
    largest, before = newer.get(f"max{what}"), old.get(f"max{what}")
    if largest is not None and (before is None or largest < before):
        yield Violation(pointer, f"max{what} {largest} is less than was allowed")


def _compare_objects(old: Mapping[str, Any], newer: Mapping[str, Any], pointer: str) -> Iterator[Violation]:
    for name in sorted(set(newer.get("required", ())) - set(old.get("required", ()))):
        yield Violation(f"{pointer}/{_step(name)}", "now required")
    known, wanted = old.get("properties", {}), newer.get("properties", {})
    others, wanted_others = old.get("additionalProperties", True), newer.get("additionalProperties", True)
    for name in sorted(known.keys() | wanted.keys()):
        # A name that only one of them declares is one of the other's additional properties.
        yield from _compare(known.get(name, others), wanted.get(name, wanted_others), f"{pointer}/{_step(name)}")
    yield from _compare(others, wanted_others, f"{pointer}/*")


def _compare_others(old: Mapping[str, Any], newer: Mapping[str, Any], pointer: str) -> Iterator[Violation]:
    """Of keywords that are not understood here, only equal ones are known to be no narrower."""
    said = newer.keys() - _ANNOTATIONS - _COMPARED
    if said & {"if", "then", "else"}:
        said |= {"if", "then", "else"}
    for keyword in sorted(said):
        if newer.get(keyword) != old.get(keyword):
            yield Violation(pointer, f"the keyword {keyword!r} is new or another, which cannot be compared")


def _step(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
