"""A file of job telemetry that steps and jobs append to at the same time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson


def append(path: Path, event: Mapping[str, Any]) -> None:
    """
    Append one event as one line, whole or not at all, beside others who do the same.

    The writers wait for each other; a line that a killed one left unfinished is ended first, so that it spoils
    no other. Raises `OSError` where the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        line = orjson.dumps(event) + b"\n"
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        _write(descriptor, line, size)
    finally:
        os.close(descriptor)


def _write(descriptor: int, line: bytes, size: int) -> None:
    """Write all of `line`, or leave the file as long as it was."""
    try:
        if os.write(descriptor, line) != len(line):
            raise OSError(28, "no space left for the whole line")
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise
