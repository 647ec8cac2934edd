"""Detection: which reader understands this file, by what is in it, never by its name."""

from __future__ import annotations

from ingest.evidence import BYTE_ORDER_MARK, Evidence
from ingest.readers import BEGINNINGS, FORMATS, Reader, reader


def reader_for(evidence: Evidence, format_name: str | None) -> Reader | None:
    """
    Return the reader that recognises `evidence`, or the one that `format_name` asks for; None if none does.

    Raises `Refused` if the bytes cannot even be decompressed.
    """
    if format_name is not None:
        return reader(format_name)
    first = evidence.head.removeprefix(BYTE_ORDER_MARK).lstrip()[:1]
    for name in FORMATS:
        if first not in BEGINNINGS.get(name, first):
            continue
        candidate = reader(name)
        if candidate.recognises(evidence):
            return candidate
    return None
