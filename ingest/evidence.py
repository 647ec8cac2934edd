"""
Evidence: the bytes of one file, decompressed and bounded, and what is wrong with them.

A file is read in passes: once to learn its digest and size, then by its reader. Nothing of it is
trusted: not its name, not its size once decompressed, not that it stays as it is while it is read.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import IO, Any, BinaryIO

import zstandard

from ci_intel.errors import HubError, Refused
from ingest import jsontext, xmltext
from ingest.discover import name_of

BLOCK = 1 << 20
HEAD = 1 << 16
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Limits:
    """
    What one file may ask of the loader; beyond any of these it is refused, or its line rejected.

    `line_bytes`, `depth`: of one event. `document_bytes`: of a report that is read in one piece.
    `content_bytes`, `ratio`: of the decompressed whole, absolute and against its compressed size.
    """

    line_bytes: int = 16 << 20
    depth: int = 100
    document_bytes: int = 32 << 20
    content_bytes: int = 64 << 30
    ratio: int = 200


@dataclass
class Evidence:
    """One opened file: its identity, and its content for those who read it."""

    name: str
    modified_at: datetime
    limits: Limits
    _opened: IO[bytes]
    _signature: tuple[int, int, int] = field(repr=False)
    _path: Path | None = None

    @cached_property
    def _measured(self) -> tuple[str, int]:
        digest = hashlib.sha256()
        size = 0
        for block in self.blocks():
            digest.update(block)
            size += len(block)
        return digest.hexdigest(), size

    @property
    def sha256(self) -> str:
        """The digest of the decompressed content: the same evidence, however it is packed."""
        return self._measured[0]

    @property
    def size(self) -> int:
        """Decompressed bytes."""
        return self._measured[1]

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB of the content. Raises `Refused` if it is an archive, itself packed or not."""
        with self.content() as content:
            head = content.read(HEAD)
        if head.startswith(_ARCHIVES) or head[257:262] == b"ustar":
            raise Refused(
                "unsupported_archive",
                "archives are not unpacked; unpack it and load the folder (gzip and zstd files are read)",
            )
        return head

    @property
    def json(self) -> Any:
        """
        The whole content as one JSON document.

        Raises `Refused` if it is none, or longer or deeper than the limits.
        """
        document = self._document
        if isinstance(document, Refused):
            raise document
        return document

    @cached_property
    def _document(self) -> Any:
        # A refusal is kept too: many readers ask, and finding out again why a long text is no JSON takes seconds.
        try:
            return jsontext.parse_document(self.document(), self.limits.depth)
        except Refused as refusal:
            return refusal

    @cached_property
    def first_json(self) -> Any:
        """The JSON document, or the first of several that follow each other; None where there is none."""
        if self.head.removeprefix(BYTE_ORDER_MARK).lstrip()[:1] not in (b"{", b"["):
            return None
        if not isinstance(self._document, Refused):
            return self._document
        # The head may end inside of a character.
        head = self.head.removeprefix(BYTE_ORDER_MARK).decode(errors="ignore").encode()
        try:
            return next(jsontext.parse_stream(head, self.limits.depth), None)
        except Refused:
            return None

    @cached_property
    def xml_root(self) -> str | None:
        """The name of the XML root element without its namespace; None if the content is no XML."""
        return xmltext.root_of(self.head)

    def document(self) -> bytes:
        """
        Return the whole content, without a byte order mark.

        Raises `Refused` beyond the limit for a document that is read in one piece.
        """
        if self.size > self.limits.document_bytes:
            raise Refused(
                "document_too_large",
                f"a report of this format is read in one piece, and {self.size:,} bytes are beyond "
                f"the {self.limits.document_bytes:,} allowed; raise --max-document-bytes",
            )
        with self.content() as content:
            return content.read().removeprefix(BYTE_ORDER_MARK)

    def packed(self) -> IO[bytes]:
        """Return the file as it is, compressed or not, from its first byte."""
        self._opened.seek(0)
        return self._opened

    @contextmanager
    def content(self) -> Iterator[BinaryIO]:
        """Open the decompressed content from its first byte. Raises `Refused` where it cannot be decompressed."""
        self._opened.seek(0)
        with io.BufferedReader(_Bounded(self._opened, self._signature[0], self.limits), BLOCK) as content:
            yield content

    def blocks(self) -> Iterator[bytes]:
        """Yield the decompressed content in blocks of at most a mebibyte."""
        with self.content() as content:
            while block := content.read(BLOCK):
                yield block

    def check_unchanged(self) -> None:
        """Raise `Refused` if the file is no longer the one whose digest was taken."""
        now = [_signature(os.fstat(self._opened.fileno()))]
        if self._path is not None:
            try:
                now.append(_signature(self._path.stat()))
            except OSError:
                now.append((-1, -1, -1))
        if any(signature != self._signature for signature in now):
            raise Refused(
                "changed_while_read",
                "the file changed while it was read; load it again when its writer is done",
            )


def _signature(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ino


@contextmanager
def opened(path: Path, limits: Limits) -> Iterator[Evidence]:
    """
    Open a regular file as evidence.

    Raises `Refused` for what is no regular file, and `HubError` if the system does not let us read it.
    """
    try:
        # Not blocking: opening a FIFO would wait for its writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise HubError(f"{name_of(path)}: cannot be read: {error.strerror}") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Refused("not_a_file", "not a regular file; only files and folders of files can be loaded")
    with os.fdopen(descriptor, "rb") as file:
        modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
        yield Evidence(name_of(path), modified_at, limits, file, _signature(status), path)


@contextmanager
def spooled(stream: IO[bytes], limits: Limits, now: datetime) -> Iterator[Evidence]:
    """Keep standard input in an unnamed file, so that it can be read twice, and open that as evidence."""
    with tempfile.TemporaryFile() as file:
        while block := stream.read(BLOCK):
            file.write(block)
        file.flush()
        yield Evidence("-", now, limits, file, _signature(os.fstat(file.fileno())))


class _Bounded(io.RawIOBase):
    """The decompressed bytes of `file`, refusing what cannot be decompressed or grows too large."""

    def __init__(self, file: IO[bytes], packed_bytes: int, limits: Limits) -> None:
        self._packed_bytes = packed_bytes
        self._limits = limits
        self._given = 0
        magic = file.read(8)
        file.seek(0)
        self._is_packed, self._source = _decompressor(file, magic)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            block = self._source.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
            raise Refused("undecodable", f"cannot be decompressed: {error}") from error
        self._given += len(block)
        if self._given > self._limits.content_bytes:
            raise Refused(
                "content_too_large",
                f"more than {self._limits.content_bytes:,} bytes of content; raise --max-content-bytes",
            )
        # Small files compress by chance as well as bombs do: the first mebibytes are free.
        if self._is_packed and self._given > 8 * BLOCK and self._given > self._packed_bytes * self._limits.ratio:
            raise Refused(
                "compression_bomb",
                f"decompresses to more than {self._limits.ratio} times its size; raise --max-ratio if that is right",
            )
        buffer[: len(block)] = block
        return len(block)


def _decompressor(file: IO[bytes], magic: bytes) -> tuple[bool, Any]:
    if magic.startswith(b"\x1f\x8b"):
        return True, gzip.GzipFile(fileobj=file)
    if magic.startswith(b"\x28\xb5\x2f\xfd"):
        return True, _Zstd(file)
    return False, file


class _Zstd:
    """A zstd stream of any number of frames that, unlike the library's own reader, minds a missing end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._frame = self._new_frame()
        self._is_inside = False
        self._ready = bytearray()

    @staticmethod
    def _new_frame() -> Any:
        return zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()

    def read(self, size: int) -> bytes:
        while not self._ready:
            packed = self._file.read(1 << 14)
            if not packed:
                if self._is_inside:
                    raise EOFError("the last frame is cut short")
                return b""
            while packed:
                self._is_inside = True
                self._ready += self._frame.decompress(packed)
                packed = b""
                if self._frame.eof:
                    packed = self._frame.unused_data
                    self._frame = self._new_frame()
                    self._is_inside = False
        block = bytes(self._ready[:size])
        del self._ready[:size]
        return block
