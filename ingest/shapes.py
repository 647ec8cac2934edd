"""
Shapes: taking values out of a tool's JSON, which may have any shape at all.

What is absent, null or empty is left out of an event. What has another shape than the tool writes
is never skipped in silence: a finding that cannot be read would make a report look better than it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from ci_intel.errors import Refused
from ci_intel.moments import utc
from ingest.evidence import BYTE_ORDER_MARK, Evidence

_YEAR_ONE = datetime(2, 1, 1, tzinfo=UTC)


def begins(evidence: Evidence, with_pattern: re.Pattern[bytes]) -> bool:
    """Tell whether the content begins with a pattern, so that a broken document is known for what it is."""
    return with_pattern.match(evidence.head.removeprefix(BYTE_ORDER_MARK)) is not None


def json_keys(evidence: Evidence) -> frozenset[str]:
    """Return the top-level keys of a JSON object; none for anything else, a broken document among it."""
    document = json_document(evidence)
    return frozenset(document) if isinstance(document, dict) else frozenset()


def json_document(evidence: Evidence) -> Any:
    """Return the document if it is a JSON object or list; None if not."""
    if evidence.head.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return evidence.json
    except Refused:
        return None


def json_object(evidence: Evidence, *required: str) -> dict[str, Any]:
    """Return the document. Raises `Refused` if it is no object, or lacks a key that its format always has."""
    document = evidence.json
    if not isinstance(document, dict):
        raise Refused("unexpected_shape", "not a JSON object, as a document of this format is")
    for key in required:
        if key not in document:
            raise Refused("unexpected_shape", f"there is no {key!r}, which this format always has")
    return document


def known(**fields: Any) -> dict[str, Any]:
    """Return the fields that have a value: neither None nor empty."""
    return {name: value for name, value in fields.items() if value is not None and value not in ("", [], {})}


def text(value: Any) -> str | None:
    """Return a text without white space around it, None where there is none."""
    return value.strip() or None if isinstance(value, str) else None


def word(value: Any) -> str | None:
    """Return a text or a number as text, None where there is neither."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return text(value)


def number(value: Any) -> float | None:
    """Return a number, None where there is none."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def texts(values: Iterable[Any]) -> list[str]:
    """Return the texts among `values`, each once, in their order."""
    return list(dict.fromkeys(found for value in values if (found := text(value))))


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object, an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def elements(value: Any) -> list[Any]:
    """Return a list, an empty one where there is none."""
    return value if isinstance(value, list) else []


def objects(value: Any, what: str) -> list[dict[str, Any]]:
    """
    Return a list of objects, an empty one for nothing.

    Raises `Refused` for a list that holds something else, or for no list; `what` names it.
    """
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(element, dict) for element in value):
        raise Refused("unexpected_shape", f"{what} is not a list of objects, as in this format")
    return value


def moment(value: Any) -> str | None:
    """
    Return an RFC 3339 time as it is written; None for any other text.

    A time without an offset is nobody's, and the year 1 is how Go writes no time.
    """
    found = text(value)
    if found is None:
        return None
    try:
        return found if utc(found) >= _YEAR_ONE else None
    except ValueError:
        return None


_PRODUCTION = re.compile(r"(?:production|prod|live)[0-9]*(?:/.*)?", re.IGNORECASE | re.DOTALL)


def names_production(environment: Any) -> bool:
    """Tell whether an environment's name is one that people give to production, as `production/eu` or `prod1`."""
    return isinstance(environment, str) and _PRODUCTION.fullmatch(environment.strip()) is not None
