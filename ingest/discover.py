"""Discovery: which files the user meant by the paths on the command line."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ingest import spool

STANDARD_INPUT = "-"


def name_of(path: Path) -> str:
    """Return the path as it can be printed and stored: a name may hold line ends, escapes, bytes that are no UTF-8."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode()
        for character in str(path)
    )


@dataclass(frozen=True)
class Found:
    """
    A file to load. `is_named` tells whether the user named it, rather than a folder it is in.

    `problem` is why it cannot even be tried. `delivery` is the folder of a spool that it waits in, `folder` the one
    that the user named, if it was found in one.
    """

    path: Path
    is_named: bool
    problem: tuple[str, str] | None = None
    delivery: Path | None = None
    folder: Path | None = None


def discover(arguments: Sequence[str]) -> Iterator[Found]:
    """
    Yield the files that `arguments` (files, folders, globs, `-`) mean, each once, in a stable order.

    Folders are searched whole but for hidden entries; symbolic links are followed, loops are reported.
    """
    seen: set[str] = set()
    for argument in arguments:
        for found in _meant_by(argument):
            if str(found.path) not in seen:
                seen.add(str(found.path))
                yield found


def _meant_by(argument: str) -> Iterator[Found]:
    path = Path(argument)
    # Not the methods of Path: some raise for a name that is too long.
    exists = os.path.exists(argument)  # noqa: PTH110
    if argument == STANDARD_INPUT:
        yield Found(path, is_named=True)
    elif exists and path.is_dir():
        inside = [replace(found, folder=path) for found in _inside(path, frozenset())]
        yield from inside or [Found(path, is_named=True, problem=("empty", "no file is in this folder"))]
    elif exists or os.path.islink(argument) or not glob.has_magic(argument):  # noqa: PTH114
        yield Found(path, is_named=True, problem=None if exists else ("missing", "no such file"))
    else:
        matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207 - Path.glob refuses absolute patterns
        if not matches:
            yield Found(path, is_named=True, problem=("missing", "no file matches this pattern"))
        for match in matches:
            yield from _meant_by(match) if Path(match).is_dir() else [Found(Path(match), is_named=True)]


def _inside(folder: Path, above: frozenset[str]) -> Iterator[Found]:
    if spool.is_delivery(folder):
        yield Found(folder / spool.CONTENT, is_named=False, delivery=folder)
        return
    real = os.path.realpath(folder)
    if real in above:
        yield Found(
            folder,
            is_named=False,
            problem=("directory_loop", "this folder contains itself by a symbolic link"),
        )
        return
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        yield Found(folder, is_named=False, problem=("unreadable", f"cannot be listed: {error.strerror}"))
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _inside(entry, above | {real})
        else:
            problem = None if entry.exists() else ("missing", "a symbolic link to nothing")
            yield Found(entry, is_named=False, problem=problem)
