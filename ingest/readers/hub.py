"""
The hub's own events: one JSON object a line (NDJSON), or one JSON document with one or a list of them.

An event says its own contract, repository and run, so nothing is taken from outside the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ci_intel import contracts
from ci_intel.errors import Refused
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item, Malformed

FORMAT = "hub"
VERSION = 1
TOPICS = tuple(contracts.topics())
OUTSIDE: tuple[str, ...] = ()
NEEDS: tuple[str, ...] = ()

_NAMES_CONTRACT = re.compile(rb'"schema"\s*:\s*"[a-z][a-z0-9_]*\.v[0-9]')
_BRACKETS = re.compile(rb"[\[{\s]+")
_LINE_OF_EVENT = re.compile(rb'^(?:\xef\xbb\xbf)?[ \t]*+\{.*"schema"\s*:\s*"[a-z][a-z0-9_]*\.v[0-9].*$', re.MULTILINE)


def recognises(evidence: Evidence) -> bool:
    """Tell whether a line near the beginning, or the document as a whole, names a contract."""
    if not _NAMES_CONTRACT.search(evidence.head):
        return False
    return _LINE_OF_EVENT.search(evidence.head) is not None or is_document(evidence)


def is_document(evidence: Evidence) -> bool:
    """
    Tell whether the content is one JSON document of events, rather than one event a line.

    Raises `Refused` for what begins like a document that is too large to be read in one piece.
    """
    first = evidence.head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0].strip()
    if not first.startswith((b"{", b"[")) or (first.startswith(b"{") and first.endswith(b"}")):
        return False
    try:
        document = evidence.json
    except Refused as refusal:
        if refusal.code == "document_too_large" and _BRACKETS.fullmatch(first):
            raise
        return False
    return isinstance(document, list) or _is_event(document)


def read(evidence: Evidence, _context: RunContext) -> Iterator[Item]:
    """Yield the events of a document; lines are read by the gate itself, in chunks."""
    document = evidence.json
    for event in document if isinstance(document, list) else [document]:
        yield event if isinstance(event, dict) else Malformed("not_an_object", "an event is a JSON object")


def _is_event(document: Any) -> bool:
    return isinstance(document, dict) and isinstance(document.get("schema"), str)
