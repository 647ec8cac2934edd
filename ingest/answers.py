"""
Answers of REST APIs: objects, in a document, in a list, or on a page under the name of its list.

Tools that follow pages put them into one list, or write them one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ci_intel.errors import Refused
from ingest import jsontext
from ingest.evidence import Evidence


def first_part(evidence: Evidence, *lists: str) -> Any:
    """Return the first object of the answer, the page itself if it is empty, None for what is no answer."""
    document = evidence.first_json
    if isinstance(document, list) and document:
        document = document[0]
    return next((part for _, part in _parts(document, lists)), document)


def parts(evidence: Evidence, *lists: str) -> Iterator[tuple[str, Any]]:
    """
    Yield what the answer holds, each with its JSON pointer; `lists` are the names that a page's list may have.

    Raises `Refused` at a document that is no JSON.
    """
    for document in _documents(evidence):
        yield from _parts(document, lists)


def _documents(evidence: Evidence) -> Iterator[Any]:
    try:
        yield evidence.json
    except Refused:
        yield from jsontext.parse_stream(evidence.document(), evidence.limits.depth)


def _parts(document: Any, lists: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if isinstance(document, list):
        for place, element in enumerate(document):
            for pointer, part in _parts(element, lists):
                yield f"/{place}{pointer}", part
        return
    key = page_of(document, *lists)
    if key is None:
        yield "", document
        return
    for place, element in enumerate(document[key]):
        yield f"/{key}/{place}", element


def page_of(document: Any, *lists: str) -> str | None:
    """Return the name of a page's list, None for what is no page."""
    if not isinstance(document, Mapping):
        return None
    return next((key for key in lists if isinstance(document.get(key), list)), None)
