"""
The YAML gate: documents that JSON could write too, in bounds.

A YAML text can name an element once and repeat it a billion times, build objects of any class,
and take `NO` for false, `1:30` for ninety and `2026-01-02` for a date. Here anchors and tags are
refused, and a plain word is a number, true, false or null where JSON has it so; all else is text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import yaml

from ci_intel.errors import Refused


class _Loader(yaml.SafeLoader):
    """The safe loader with JSON's words, and no key twice."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Build the mapping of `node`, refusing a key that occurs twice."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise Refused("not_json", f"a key is no text{_place(key_node)}; quote it")
            if key in seen:
                raise Refused("duplicate_key", f"the key {key!r} occurs twice{_place(key_node)}")
            seen.add(key)
        return super().construct_mapping(node, deep)


for _kind, _words, _first in (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"-?(?:0|[1-9][0-9]*)", [*"-0123456789"]),
    ("float", r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)", [*"-0123456789"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(f"^(?:{_words})$"), _first)


def documents(text: bytes, depth: int) -> Iterator[Any]:
    """
    Yield the documents of a YAML text.

    `depth` is how deep lists and mappings may nest. Raises `Refused` for what is no YAML, nests
    deeper, uses anchors, tags or repeated keys, or holds what JSON cannot write.
    """
    _check_events(text, depth)
    try:
        for document in yaml.load_all(text, Loader=_Loader):
            _check_values(document)
            yield document
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _refused(error) from error


def _check_events(text: bytes, depth: int) -> None:
    """Raise `Refused` for anchors, tags and too deep nesting, before anything is built."""
    nested = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                nested += 1
            if isinstance(event, yaml.CollectionEndEvent):
                nested -= 1
            if nested > depth:
                raise Refused("too_deep", f"nested deeper than {depth}{_place(event)}; raise --max-depth")
            if getattr(event, "anchor", None):
                raise Refused("anchor", f"anchors and aliases are not read{_place(event)}; write it out")
            if tag := getattr(event, "tag", None):
                raise Refused("tag", f"tags are not read{_place(event)}; leave {tag} away")
    except (yaml.YAMLError, RecursionError) as error:
        raise _refused(error) from error


def _check_values(value: Any) -> None:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for entry in value:
            _check_values(entry)
    elif isinstance(value, float) and math.isinf(value):
        raise Refused("not_finite", "a number is too large for a double")
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise Refused("integer_out_of_range", "an integer does not fit in 64 bits")


def _refused(error: Exception) -> Refused:
    if isinstance(error, yaml.MarkedYAMLError):
        return Refused("not_yaml", f"not YAML: {error.problem}{_place(error)}")
    return Refused("not_yaml", f"not YAML: {str(error).splitlines()[0]}" if str(error) else "not YAML")


def _place(marked: Any) -> str:
    mark = getattr(marked, "start_mark", None) or getattr(marked, "problem_mark", None)
    return "" if mark is None else f" in line {mark.line + 1}"
