"""Detection: which reader understands this file, by what is in it, never by its name."""

from __future__ import annotations

from ingest.evidence import Evidence
from ingest.readers import FORMATS, Reader, reader


def reader_for(evidence: Evidence, format_name: str | None) -> Reader | None:
    """
    Return the reader that recognises `evidence`, or the one that `format_name` asks for; None if none does.

    Raises `Refused` if the bytes cannot even be decompressed.
    """
    if format_name is not None:
        return reader(format_name)
    for name in FORMATS:
        candidate = reader(name)
        if candidate.recognises(evidence):
            return candidate
    return None
