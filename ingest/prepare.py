"""
Preparing: a file's events, judged and made into columns, part by part.

A long file of lines is shared among processes; their parts come back in order, and only a few are
on the way at a time, so that memory stays bounded whatever the file's size.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice

from ingest.context import RunContext
from ingest.evidence import BYTE_ORDER_MARK, Evidence
from ingest.gate import Load, Prepared, prepare_items, prepare_lines
from ingest.lines import Chunk, chunks
from ingest.readers import Reader, hub

ITEMS_A_PART = 2000
# Starting another process costs as much as judging some thousand events.
WORTH_SHARING_BYTES = 24 << 20


def prepared_parts(
    evidence: Evidence, reader: Reader, context: RunContext, load: Load, workers: int
) -> Iterator[Prepared]:
    """
    Yield the events of a file, ready to be written.

    Raises `Refused` if the file as a whole turns out to be no evidence.
    """
    if reader.format != hub.FORMAT or hub.is_document(evidence):
        yield from _reported(evidence, reader, context, load)
        return
    # A UTF-8 byte order mark, which some tools put before the first line, belongs to no event.
    mark = len(BYTE_ORDER_MARK) if evidence.head.startswith(BYTE_ORDER_MARK) else 0
    parts = chunks(_after(mark, evidence.blocks()), evidence.limits.line_bytes, first_offset=mark)
    if workers < 2 or evidence.size < WORTH_SHARING_BYTES:
        for chunk in parts:
            yield prepare_lines(chunk, load)
        return
    yield from _shared(parts, load, workers)


def _reported(evidence: Evidence, reader: Reader, context: RunContext, load: Load) -> Iterator[Prepared]:
    items = enumerate(reader.read(evidence, context), 1)
    while True:
        part = prepare_items(islice(items, ITEMS_A_PART), load)
        yield part
        if part.events < ITEMS_A_PART:
            return


def _shared(parts: Iterator[Chunk], load: Load, workers: int) -> Iterator[Prepared]:
    # Not forked: the warehouse's engine has threads by now.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        waiting: deque[Future[Prepared]] = deque()
        try:
            for chunk in parts:
                waiting.append(pool.submit(prepare_lines, chunk, load))
                if len(waiting) > workers + 1:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _after(skipped: int, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the blocks without the first so many bytes."""
    for first in blocks:
        yield first[skipped:]
        break
    yield from blocks
