"""
Artifacts: a zip that somebody's job made, unpacked without believing anything it says.

A member's name is a label and never a path: members are written to files that are numbered here. An archive that
holds a path out of its folder, a link, or more than it says was made to do harm, and is refused whole.
"""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from ci_intel.errors import Refused
from ingest.discover import name_of
from ingest.evidence import Limits

PACKED_BYTES = 256 << 20
CONTENT_BYTES = 1 << 30
MEMBERS = 2_000
_BLOCK = 1 << 20
_FREE_BYTES = 8 << 20
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DRIVE = re.compile(r"[A-Za-z]:")
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Member:
    """A file of an artifact: what its maker called it, fit to be printed, and where its bytes are."""

    name: str
    path: Path


def unpacked(file: IO[bytes], folder: Path, limits: Limits, digest: str | None = None) -> list[Member]:
    """
    Write the members of the zip `file` into `folder`, and return them in their order.

    `digest` is what the API says of the zip, as `sha256:…`. Raises `Refused` if it is another, if the zip is broken
    or a bomb, or if it holds what no report is.
    """
    _check_digest(file, digest)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check(entries, _size_of(file), limits)
            members = []
            for number, entry in enumerate(entries):
                path = folder / f"{number:05}"
                _write(archive, entry, path)
                members.append(Member(name_of(Path(entry.filename)), path))
            return members
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Refused("undecodable", f"the artifact cannot be unpacked: {error}") from error


def _check_digest(file: IO[bytes], digest: str | None) -> None:
    if not digest or not digest.startswith("sha256:"):
        return
    file.seek(0)
    measured = hashlib.sha256()
    while block := file.read(_BLOCK):
        measured.update(block)
    file.seek(0)
    if measured.hexdigest() != digest.removeprefix("sha256:"):
        raise Refused(
            "another_digest", f"the artifact is not the one that the API speaks of: its digest is not {digest}"
        )


def _check(entries: list[zipfile.ZipInfo], packed: int, limits: Limits) -> None:
    if len(entries) > MEMBERS:
        raise Refused("too_many_files", f"an artifact of {len(entries):,} files; {MEMBERS:,} are allowed")
    if sum(entry.compress_size for entry in entries) > packed:
        raise Refused("compression_bomb", "the artifact's files overlap: it holds more than its own size")
    content = sum(entry.file_size for entry in entries)
    if content > CONTENT_BYTES:
        raise Refused("content_too_large", f"the artifact holds {content:,} bytes; {CONTENT_BYTES:,} are allowed")
    for entry in entries:
        for reason in _reasons_against(entry):
            raise Refused("unsafe_artifact", f"the artifact is refused: {name_of(Path(entry.filename))!r} {reason}")
        if entry.file_size > _FREE_BYTES and entry.file_size > entry.compress_size * limits.ratio:
            raise Refused(
                "compression_bomb",
                f"{name_of(Path(entry.filename))!r} decompresses to more than {limits.ratio} times its size",
            )


def _reasons_against(entry: zipfile.ZipInfo) -> Iterator[str]:
    # As it was written: `filename` is cut at a zero byte, and has the system's own separators.
    name = entry.orig_filename
    mode = entry.external_attr >> 16
    if not name or "\0" in name or "\\" in name or any(ord(character) < 32 for character in name):
        yield "is no name of a file"
    elif name.startswith("/") or _DRIVE.match(name):
        yield "is an absolute path"
    elif ".." in PurePosixPath(name).parts:
        yield "leads out of the artifact"
    elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        yield "is a link or a device, not a file"
    elif entry.flag_bits & _ENCRYPTED:
        yield "is encrypted"
    elif entry.compress_type not in _READABLE:
        yield "is packed in a way that is not read"


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    written = 0
    with archive.open(entry) as packed, path.open("xb") as file:
        while block := packed.read(_BLOCK):
            written += len(block)
            if written > entry.file_size:
                raise Refused("compression_bomb", "a file of the artifact holds more than it says")
            file.write(block)


def _size_of(file: IO[bytes]) -> int:
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    return size
