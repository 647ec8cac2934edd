from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.lines import EXCERPT, Chunk, chunks

LIMIT = 40


@st.composite
def split(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """Return a text of short and long lines, and the same in blocks of any size."""
    pieces = draw(
        st.lists(st.sampled_from([b"\n", b"a", b"\r\n", b"bc d", b"x" * 39, b"y" * 41, b"z" * 90]), max_size=40)
    )
    text = b"".join(pieces)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    edges = [0, *cuts, len(text)]
    return text, [text[begin:end] for begin, end in pairwise(edges)]


def lines_of(text: bytes) -> list[bytes]:
    return text.split(b"\n")


@given(split(), st.integers(1, 200), st.integers(0, 3))
def test_chunks_hold_every_line_once_at_its_number_and_offset(
    given_text: tuple[bytes, list[bytes]], chunk_bytes: int, first_offset: int
) -> None:
    text, blocks = given_text

    found: dict[int, tuple[int, bytes, bool]] = {}
    for chunk in chunks(blocks, LIMIT, chunk_bytes, first_offset):
        offset = chunk.offset
        for number, line in enumerate(lines_of(chunk.text), chunk.first_line):
            if line:
                assert number not in found
                found[number] = (offset, line, chunk.is_overlong)
            if chunk.is_overlong:
                break
            offset += len(line) + 1

    offset = first_offset
    wanted: dict[int, tuple[int, bytes, bool]] = {}
    for number, line in enumerate(lines_of(text), 1):
        if line:
            # Of an overlong line only a beginning is kept, as much as had been read.
            is_overlong = len(line) > LIMIT
            kept = found[number][1].rstrip(b"\n") if is_overlong and number in found else line
            assert line.startswith(kept)
            assert len(kept) >= min(len(line), LIMIT)
            wanted[number] = (offset, kept, is_overlong)
        offset += len(line) + 1
    assert {number: (offset, line.rstrip(b"\n"), long) for number, (offset, line, long) in found.items()} == wanted


def test_a_line_beyond_the_limit_is_kept_only_in_its_beginning_and_the_next_line_is_whole() -> None:
    blocks = [b"first\n", *[b"x" * 1000] * 50, b"x\nlast\n"]

    first, overlong, last = chunks(blocks, 10_000)

    assert first == Chunk(1, 0, b"first\n")
    assert (overlong.first_line, overlong.offset, overlong.is_overlong, overlong.text) == (2, 6, True, b"x" * EXCERPT)
    assert last == Chunk(3, 6 + 50_001 + 1, b"last\n")


def test_nothing_at_all_is_no_chunk() -> None:
    assert list(chunks([], LIMIT)) == []
