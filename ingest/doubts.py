"""
Doubts: the events of a load that a context policy did not accept, because nobody that counts said whose they are.

They stay rejected when the load is read again, and can be loaded on another word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ci_intel.errors import Refused
from ingest.context_policy import NOT_ACCEPTED
from ingest.gate import Prepared
from ingest.readers import hub, reader
from ingest.warehouse import Row, Warehouse


def doubted(known: Row, warehouse: Warehouse) -> Mapping[int, str]:
    """Return the lines of a load, in its newest generation, that a policy did not accept, with the reasons."""
    if not known["rejected_event_count"]:
        return {}
    rows = warehouse.query(
        "select line, message from raw.rejects where load_id = $load_id and generation = $generation and code = $code",
        {"load_id": known["load_id"], "generation": known["generation"], "code": NOT_ACCEPTED},
    )
    return {row["line"]: row["message"] for row in rows}


def still_doubted(known: Row, warehouse: Warehouse) -> Mapping[int, str]:
    """Return those lines for a reload. Raises `Refused` if the load's reader may count lines otherwise by now."""
    lines = doubted(known, warehouse)
    if lines and known["format"] != hub.FORMAT and known["reader_version"] != reader(known["format"]).version:
        raise Refused(
            NOT_ACCEPTED,
            "a context policy did not accept some of its events, and its reader has changed since: "
            "load the file again, where the right one says whose it is",
        )
    return lines


def is_believed_now(parts: Iterator[Prepared], known: Row, warehouse: Warehouse) -> bool:
    """Tell whether `parts`, the events of a known load as they are judged now, hold some that were doubted then."""
    lines = {*doubted(known, warehouse)}
    return bool(lines) and not lines <= {reject.line for part in parts for reject in part.rejects}
