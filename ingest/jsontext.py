"""
The JSON gate: a strict parser, and the reason why a text did not pass.

RFC 8259, and stricter than most parsers: no duplicate keys (two readers would see two documents),
no NaN or Infinity, no lone surrogates, no integer beyond 64 bits, UTF-8 only.

orjson decides the ordinary good text. It cannot see duplicate keys, so its result is written back
and its quotation marks are counted: a dropped key takes at least two with it. Texts for which that
count would prove nothing (escapes that stand for quotation marks or backslashes) and texts that
orjson refuses go to the slow parser, which also says what is wrong.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from ci_intel.errors import Refused

_LARGE_INTEGER = re.compile(rb"[0-9]{19}")
_HIDES_QUOTES = re.compile(rb'\\["\\u]')
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


class NotJson(Exception):
    """A text that does not pass; `code` for machines, the message for people, `offset` in bytes where known."""

    def __init__(self, code: str, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.offset = offset


def parse(text: bytes, depth: int, *, checks_integers: bool = True) -> Any:
    """
    Return the value of a JSON text.

    `depth` is how deep arrays and objects may nest. `checks_integers=False` spares the search for
    integers beyond 64 bits, for callers whose contract bounds every number anyway.

    Raises `NotJson`.
    """
    if _may_be_too_deep(text, depth):
        _check_depth(text, depth)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _explain(text)
    if b"\\" in text and _HIDES_QUOTES.search(text):
        return _explain(text)
    if text.count(b'"') != orjson.dumps(value).count(b'"'):
        return _explain(text)
    if checks_integers and _LARGE_INTEGER.search(text):
        return _explain(text)
    return value


def parse_document(text: bytes, depth: int) -> Any:
    """Return the value of a file that is one JSON text. Raises `Refused` with the reason."""
    try:
        return parse(text, depth)
    except NotJson as error:
        place = "" if error.offset is None else f" (byte {error.offset})"
        raise Refused(error.code, f"{error.message}{place}") from error


def parse_stream(text: bytes, depth: int) -> Iterator[Any]:
    """
    Yield the values of JSON texts that follow each other, with or without white space between them.

    Raises `Refused` at the first that does not pass.
    """
    try:
        rest = text.decode().lstrip()
    except UnicodeDecodeError as error:
        raise Refused("not_utf8", f"not UTF-8: {error.reason} (byte {error.start})") from error
    place = 0
    while place < len(rest):
        try:
            _, end = _DECODER.raw_decode(rest, place)
        except (json.JSONDecodeError, RecursionError):
            end = len(rest)  # The strict parser says what is wrong with it.
        yield parse_document(rest[place:end].encode(), depth)
        space = _SPACE.match(rest, end)
        place = space.end() if space else end


def _explain(text: bytes) -> Any:
    """Parse slowly and strictly; return the value after all, or raise `NotJson` with the reason."""
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJson("not_utf8", f"not UTF-8: {error.reason}", error.start) from error
    if decoded.startswith("\ufeff"):
        raise NotJson("not_json", "starts with a byte order mark", 0)
    try:
        value = json.loads(
            decoded,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except json.JSONDecodeError as error:
        offset = len(decoded[: error.pos].encode("utf-8", "surrogatepass"))
        message = error.msg.removesuffix(" at")
        raise NotJson("not_json", f"not JSON: {message} at column {error.colno}", offset) from error
    except RecursionError as error:
        raise NotJson("too_deep", "nested too deep to be read") from error
    if "\\u" in decoded:
        _check_surrogates(value)
    return value


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise NotJson("duplicate_key", f"the key {_printable(key)} occurs twice in one object")
            seen.add(key)
    return value


def _constant(word: str) -> Any:
    raise NotJson("not_finite", f"{word} is not a JSON number")


def _integer(digits: str) -> int:
    # Python would refuse a text of thousands of digits with an error of its own.
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**63:
        raise NotJson("integer_out_of_range", f"the integer {digits[:24]} does not fit in 64 bits")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise NotJson("not_finite", f"the number {digits[:24]} is too large for a double")
    return value


def _check_surrogates(value: Any) -> None:
    if isinstance(value, str):
        if _SURROGATE.search(value):
            raise NotJson("lone_surrogate", f"half of a surrogate pair in {_printable(value)}")
    elif isinstance(value, dict):
        for key, entry in value.items():
            _check_surrogates(key)
            _check_surrogates(entry)
    elif isinstance(value, list):
        for entry in value:
            _check_surrogates(entry)


def _printable(text: str) -> str:
    return json.dumps(text[:60])


def _may_be_too_deep(text: bytes, depth: int) -> bool:
    return text.count(b"[") + text.count(b"{") > depth


def _check_depth(text: bytes, depth: int) -> None:
    """Raise `NotJson` if brackets outside of strings nest deeper than `depth`."""
    nested = 0
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in (b"[", b"{"):
            nested += 1
            if nested > depth:
                raise NotJson("too_deep", f"nested deeper than {depth}; raise --max-depth", match.start())
        elif token in (b"]", b"}"):
            nested -= 1


# Possessive, and with an end that may be missing: a text that never ends is looked at once.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{}]', re.DOTALL)
