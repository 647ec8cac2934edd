"""Identities: what makes two pieces of evidence the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson


def canonical(value: Any) -> bytes:
    """Write JSON so that equal values are equal bytes: keys sorted, no white space, UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest_of(value: Any) -> str:
    """Return the sha256 (hex) of the canonical JSON of `value`."""
    return hashlib.sha256(canonical(value)).hexdigest()


def load_id(content_sha256: str, format_name: str, outside: Mapping[str, Any]) -> str:
    """
    Return the identity of a load, 64 hex digits.

    `outside` holds the context fields that the reader took from outside the file. The same clean
    scan of two repositories is two facts; the same one again, under any name, is the same load.
    """
    known = {name: value for name, value in outside.items() if value is not None}
    return digest_of({"content_sha256": content_sha256, "format": format_name, "context": known})
