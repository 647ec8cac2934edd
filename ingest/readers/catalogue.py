"""
The catalogue of repositories, as adopters keep it in `config/repositories.yaml`.

A YAML document whose only top-level key is `repositories`, a list of entries in the words of the
contract `repository`. `valid_from` may be a day, which begins at midnight UTC; an entry without
one holds from the beginning of time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ci_intel.errors import Refused
from ingest import yamltext
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item, Malformed

FORMAT = "catalogue"
VERSION = 1
TOPICS = ("repository",)
OUTSIDE: tuple[str, ...] = ()
NEEDS: tuple[str, ...] = ()

DOCUMENT_BYTES = 4 << 20
"""A catalogue is written by people; a longer one is none, and YAML is slow to parse."""

_BEGINNING = "1970-01-01T00:00:00Z"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_KEY = re.compile(rb"^repositories[ \t]*:", re.MULTILINE)
_ENTRY = re.compile(rb"^[ \t]*-[ \t]+repo[ \t]*:", re.MULTILINE)


def recognises(evidence: Evidence) -> bool:
    """Tell by its top-level key and by entries that name a `repo` (helm's and vcstool's lists name none)."""
    if not _KEY.search(evidence.head):
        return False
    try:
        entries = _entries(evidence)
    except Refused:
        return _ENTRY.search(evidence.head) is not None
    return not entries or any(isinstance(entry, Mapping) and "repo" in entry for entry in entries)


def read(evidence: Evidence, _context: RunContext) -> Iterator[Item]:
    """Yield one repository event per entry. Raises `Refused` for what is no catalogue."""
    for place, entry in enumerate(_entries(evidence)):
        if not isinstance(entry, Mapping):
            yield Malformed("not_an_entry", "an entry begins with `repo:`", f"/repositories/{place}")
            continue
        yield {**entry, "schema": "repository.v1.0", "valid_from": _valid_from(entry)}


def _entries(evidence: Evidence) -> list[Any]:
    if evidence.size > DOCUMENT_BYTES:
        raise Refused("document_too_large", f"a catalogue has at most {DOCUMENT_BYTES:,} bytes; split it")
    documents = list(yamltext.documents(evidence.document(), evidence.limits.depth))
    if len(documents) != 1 or not isinstance(documents[0], Mapping) or list(documents[0]) != ["repositories"]:
        raise Refused("not_a_catalogue", "a catalogue is one document with the single key `repositories`")
    entries = documents[0]["repositories"]
    # With all its entries commented out, a list is null.
    if not isinstance(entries, list | None):
        raise Refused("not_a_catalogue", "`repositories` is a list of entries, each beginning with `- repo:`")
    return entries or []


def _valid_from(entry: Mapping[str, Any]) -> Any:
    moment = entry.get("valid_from", _BEGINNING)
    return f"{moment}T00:00:00Z" if isinstance(moment, str) and _DAY.fullmatch(moment) else moment
