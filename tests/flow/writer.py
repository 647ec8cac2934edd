"""Another process that writes to a warehouse's file, so that nobody else can."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WRITER = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('locked', flush=True); sys.stdin.read()"


@contextmanager
def writing(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Have another process keep the file locked, until it is told that its input ends."""
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"locked\n"
        yield writer
    finally:
        writer.communicate()
