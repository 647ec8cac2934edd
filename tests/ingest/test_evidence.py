"""Bytes of one file: packed in any way, bounded, and watched while they are read."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ci_intel.errors import HubError, Refused
from ingest import xmltext
from ingest.evidence import Limits, opened, spooled

CONTENT = b"".join(b"%d\n" % number for number in range(20_000))
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "gzip members": lambda content: b"".join(gzip.compress(content[i : i + 999]) for i in range(0, len(content), 999)),
    "zstd": zstandard.compress,
    "zstd frames": lambda content: b"".join(
        zstandard.compress(content[i : i + 999]) for i in range(0, len(content), 999)
    ),
    "zstd without a size": lambda content: zstandard.ZstdCompressor(write_content_size=False).compress(content),
}


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED.keys())
def test_evidence_is_the_same_however_it_is_packed_and_can_be_read_again(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(pack(CONTENT))

    with opened(path, Limits()) as evidence:
        assert (evidence.sha256, evidence.size) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
        assert b"".join(evidence.blocks()) == b"".join(evidence.blocks()) == CONTENT
        assert evidence.head == CONTENT[: 1 << 16]
        evidence.check_unchanged()


@given(st.sampled_from(["gzip", "gzip members", "zstd", "zstd frames"]), st.data())
def test_a_packed_file_that_is_cut_anywhere_but_between_its_parts_is_refused(kind: str, data: st.DataObject) -> None:
    packed = PACKED[kind](CONTENT[:5000])
    cut = data.draw(st.integers(4, len(packed) - 1))

    with spooled(io.BytesIO(packed[:cut]), Limits(), datetime.now(UTC)) as evidence:
        try:
            content = b"".join(evidence.blocks())
        except Refused as refusal:
            code, content = refusal.code, b""
        else:
            code = None
    # Whole parts are whole evidence: nobody can tell that more were to come.
    assert code in (None, "undecodable")
    assert CONTENT.startswith(content)
    assert len(content) % 999 == 0
    assert code or kind in ("gzip members", "zstd frames")


def test_a_missing_or_unreadable_file_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="cannot be read"), opened(tmp_path / "nowhere", Limits()):
        pass


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["FIFO", "folder"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "odd")

    with pytest.raises(Refused) as refusal, opened(tmp_path / "odd", Limits()):
        pass
    assert refusal.value.code == "not_a_file"


@pytest.mark.parametrize("change", ["grows", "shrinks", "is touched", "is replaced", "is removed"])
def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path, change: str) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(CONTENT)

    with opened(path, Limits()) as evidence:
        assert evidence.size
        if change == "grows":
            path.write_bytes(CONTENT + b"more")
        elif change == "shrinks":
            path.write_bytes(CONTENT[:10])
        elif change == "is touched":
            os.utime(path, (1, 1))
        elif change == "is replaced":
            (tmp_path / "new").write_bytes(CONTENT)
            (tmp_path / "new").replace(path)
        else:
            path.unlink()

        with pytest.raises(Refused) as refusal:
            evidence.check_unchanged()
    assert refusal.value.code == "changed_while_read"


def test_content_beyond_the_limit_is_refused_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(CONTENT)

    with opened(path, Limits(content_bytes=1000)) as evidence, pytest.raises(Refused) as refusal:
        evidence.sha256  # noqa: B018
    assert refusal.value.code == "content_too_large"


@pytest.mark.parametrize(
    ("head", "root"),
    [
        (b"<testsuite/>", "testsuite"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a --><x:coverage/>", "coverage"),
        (b"<!DOCTYPE coverage SYSTEM 'x.dtd' [<!ENTITY a 'b'>]>\n<coverage>", "coverage"),
        (b"<!-- <testsuite> --><other/>", "other"),
        (b"text <testsuite/>", None),
        (b"<", None),
        (b"", None),
        (b"{}", None),
    ],
)
def test_the_root_of_an_xml_document_is_told_from_its_beginning(head: bytes, root: str | None) -> None:
    assert xmltext.root_of(head) == root


@pytest.mark.parametrize(
    "piece", [b"<!-- -->", b"<?a?>", b"<!DOCTYPE a [ ]>", b"<!--", b"<?", b"<!DOCTYPE", b" ", b"<!DOCTYPE a ["]
)
def test_no_beginning_takes_long_to_look_at(piece: bytes) -> None:
    began = time.process_time()

    xmltext.root_of(piece * ((1 << 16) // len(piece)) + b"@")

    assert time.process_time() - began < 1
