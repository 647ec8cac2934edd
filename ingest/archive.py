"""
The archive: the bytes behind every load, compressed, each under the sha256 of its content.

A file appears in it whole or not at all: it is written aside, under a lock that dies with its
writer, flushed to the disk, and renamed. What a killed writer left aside the next one removes.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

import zstandard

from ci_intel import faults
from ci_intel.errors import HubError, NotFound, Refused
from ingest.evidence import Evidence, Limits, opened


class Archive:
    """A folder of evidence, addressed by content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._aside = folder / "aside"

    def path_of(self, content_sha256: str) -> Path:
        """Return where the content with this digest is, or would be."""
        return self.folder / content_sha256[:2] / f"{content_sha256}.zst"

    def keep(self, evidence: Evidence) -> None:
        """
        Keep the content of `evidence`, unless it is there already.

        Raises `HubError` if it cannot be written; then nothing of it is in the archive.
        """
        target = self.path_of(evidence.sha256)
        if target.exists():
            return
        try:
            self._aside.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._new_aside() as file:
                aside = Path(file.name)
                try:
                    faults.point("archiving")
                    packer = zstandard.ZstdCompressor(level=3, write_checksum=True, threads=0)
                    with packer.stream_writer(file, size=evidence.size, closefd=False) as packed:
                        for block in evidence.blocks():
                            packed.write(block)
                    file.flush()
                    os.fsync(file.fileno())
                    target.parent.mkdir(exist_ok=True, mode=0o700)
                    aside.rename(target)
                except BaseException:
                    aside.unlink(missing_ok=True)
                    raise
            _sync_folder(target.parent)
        except OSError as error:
            raise HubError(
                f"{self.folder}: the evidence cannot be archived: {error.strerror}; "
                "choose another --archive, or load with --no-archive"
            ) from error
        faults.point("archived")

    @contextmanager
    def content(self, content_sha256: str, limits: Limits | None = None) -> Iterator[Evidence]:
        """
        Open archived content as evidence.

        What was once within the limits for a whole file stays within them; `limits` are for its lines.

        Raises `NotFound` if it is not archived, `HubError` if it is no longer what its name says.
        """
        path = self.path_of(content_sha256)
        if not path.exists():
            raise NotFound(f"{path}: not in the archive; it was loaded with --no-archive, or with another --archive")
        within = replace(limits or Limits(), content_bytes=1 << 50, ratio=1 << 30, document_bytes=1 << 40)
        with opened(path, within) as evidence:
            try:
                digest = evidence.sha256
            except Refused as error:
                raise HubError(f"{path}: damaged: {error}") from error
            if digest != content_sha256:
                raise HubError(f"{path}: damaged: its content has the digest {digest}")
            yield evidence

    @contextmanager
    def _new_aside(self) -> Iterator[IO[bytes]]:
        """Open a file to write aside, locked before another process can take it for left behind."""
        with _locked(self._aside):
            self._clear_aside()
            file = tempfile.NamedTemporaryFile(dir=self._aside, delete=False)  # noqa: SIM115
            fcntl.flock(file, fcntl.LOCK_EX)
        with file:
            yield file

    def _clear_aside(self) -> None:
        """Remove what no living process is writing."""
        for stale in self._aside.iterdir():
            # Whoever was writing it may have put it in its place meanwhile, or be writing it still.
            with suppress(FileNotFoundError, BlockingIOError), stale.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                stale.unlink()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
