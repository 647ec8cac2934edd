"""
Spool: evidence that no warehouse took, kept with all that was said about it, until one does.

    SPOOL/<digest of bytes and context>/evidence         the bytes, as they were
                                        delivery.json    their name, time, run context, format, submitter

A folder with these two is a delivery, wherever it lies; `ci-intel load SPOOL` delivers it, once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ci_intel.errors import HubError, Refused
from ci_intel.identities import digest_of
from ci_intel.moments import utc
from ingest.context import RunContext

CONTENT = "evidence"
ENVELOPE = "delivery.json"
_BLOCK = 1 << 20
_SAID_BY_OTHERS = ("evidence", "ci_environment", "flag")


@dataclass(frozen=True)
class Delivery:
    """What was said about one file when it could not be delivered."""

    source_name: str
    modified_at: datetime
    context: RunContext
    format: str | None
    submitted_by: str | None


def is_delivery(folder: Path) -> bool:
    """Tell whether a folder holds evidence that was not delivered."""
    return (folder / ENVELOPE).is_file() and (folder / CONTENT).is_file()


def keep(spool: Path, content: IO[bytes], delivery: Delivery) -> Path:
    """
    Keep a file in the spool, durably, under its digest; return its folder.

    The same file about the same run is kept once. Raises `HubError` where it cannot be kept.
    """
    try:
        spool.mkdir(parents=True, exist_ok=True)
        # Hidden, so that nobody loads a part of it.
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=spool))
        try:
            return _moved(part, spool, _written(part, content, delivery))
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise HubError(
            f"{delivery.source_name}: not delivered, and cannot be kept in {spool} either: {error.strerror}"
        ) from error


def delivery_of(folder: Path) -> Delivery:
    """
    Return what was said about the evidence in a delivery's folder.

    Whoever can write into a spool can say there what flags could say, and no more: not that an API said so.
    Raises `Refused` for an envelope that cannot be read.
    """
    try:
        with (folder / ENVELOPE).open("rb") as file:
            said = json.loads(file.read(_BLOCK))
        context = RunContext(**{field.name: said["context"][field.name] for field in fields(RunContext)})
        if context.source not in _SAID_BY_OTHERS or not _has_types(context):
            raise ValueError("its context is not one that can be declared")
        return Delivery(
            str(said["source_name"]), utc(said["modified_at"]), context, said["format"], said["submitted_by"]
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused("bad_delivery", f"{ENVELOPE} beside it cannot be used: {error}") from error


def remove(folder: Path) -> None:
    """Remove a delivery that arrived. What cannot be removed is found to be a duplicate the next time."""
    with contextlib.suppress(OSError):
        (folder / ENVELOPE).unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _written(part: Path, content: IO[bytes], delivery: Delivery) -> str:
    digest = hashlib.sha256()
    with (part / CONTENT).open("wb") as file:
        while block := content.read(_BLOCK):
            digest.update(block)
            file.write(block)
        _sync(file)
    said = {**asdict(delivery), "modified_at": delivery.modified_at.astimezone(UTC).isoformat()}
    with (part / ENVELOPE).open("wb") as file:
        file.write(json.dumps(said, indent=2).encode())
        _sync(file)
    return digest_of([digest.hexdigest(), said["context"], said["format"]])[:32]


def _moved(part: Path, spool: Path, name: str) -> Path:
    folder = spool / name
    try:
        part.rename(folder)
    except OSError:
        if not is_delivery(folder):
            raise
    descriptor = os.open(spool, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return folder


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _has_types(context: RunContext) -> bool:
    texts: list[Any] = [value for name, value in asdict(context).items() if name != "run_attempt"]
    return all(text is None or isinstance(text, str) for text in texts) and (
        context.run_attempt is None or type(context.run_attempt) is int
    )
