"""Lines: a stream of bytes, cut into chunks of whole lines, in bounded memory."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

CHUNK = 2 << 20
EXCERPT = 2048


@dataclass(frozen=True)
class Chunk:
    """
    Whole lines and where they stand: the number of the first (from 1) and its offset in bytes.

    `is_overlong` marks a single line beyond the limit; `text` is then only its beginning.
    """

    first_line: int
    offset: int
    text: bytes
    is_overlong: bool = False


def chunks(
    blocks: Iterable[bytes], line_limit: int, chunk_bytes: int = CHUNK, first_offset: int = 0
) -> Iterator[Chunk]:
    """
    Cut `blocks` into chunks of about `chunk_bytes`; a line longer than `line_limit` is a chunk of its own.

    `first_offset` is where the first block stands in its file.
    """
    cutter = _Cutter(line_limit, chunk_bytes, first_offset)
    for block in blocks:
        yield from cutter.take(block)
    yield from cutter.rest()


class _Cutter:
    def __init__(self, line_limit: int, chunk_bytes: int, first_offset: int) -> None:
        self._line_limit = line_limit
        self._chunk_bytes = chunk_bytes
        self._line = 1
        self._offset = first_offset
        self._pending = bytearray()
        # Set while the rest of a line beyond the limit is skipped: how much of it went by.
        self._skipped = 0

    def take(self, block: bytes) -> Iterator[Chunk]:
        if self._skipped:
            end = block.find(b"\n")
            if end < 0:
                self._skipped += len(block)
                return
            yield from self._end_overlong(end + 1)
            block = block[end + 1 :]
        self._pending += block
        if len(self._pending) >= self._chunk_bytes:
            yield from self._whole_lines()
        if len(self._pending) > self._line_limit and b"\n" not in self._pending:
            self._skipped = len(self._pending)
            del self._pending[EXCERPT:]

    def rest(self) -> Iterator[Chunk]:
        if self._skipped:
            yield from self._end_overlong(0)
        elif self._pending:
            yield from self._checked(bytes(self._pending))

    def _whole_lines(self) -> Iterator[Chunk]:
        end = self._pending.rfind(b"\n") + 1
        if end:
            text = bytes(self._pending[:end])
            del self._pending[:end]
            yield from self._checked(text)

    def _checked(self, text: bytes) -> Iterator[Chunk]:
        """Give `text` as one chunk, or in parts around its lines beyond the limit."""
        if len(text) <= self._line_limit:
            yield self._chunk(text)
            return
        good = bytearray()
        for line in io.BytesIO(text):
            if len(line) - line.endswith(b"\n") <= self._line_limit:
                good += line
                continue
            if good:
                yield self._chunk(bytes(good))
                good.clear()
            yield Chunk(self._line, self._offset, line[:EXCERPT], is_overlong=True)
            self._advance(1, len(line))
        if good:
            yield self._chunk(bytes(good))

    def _chunk(self, text: bytes) -> Chunk:
        chunk = Chunk(self._line, self._offset, text)
        self._advance(text.count(b"\n"), len(text))
        return chunk

    def _end_overlong(self, ending: int) -> Iterator[Chunk]:
        yield Chunk(self._line, self._offset, bytes(self._pending), is_overlong=True)
        self._advance(1, self._skipped + ending)
        self._pending.clear()
        self._skipped = 0

    def _advance(self, line_count: int, byte_count: int) -> None:
        self._line += line_count
        self._offset += byte_count
