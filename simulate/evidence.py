"""The files of a simulated fleet: one of NDJSON for each topic."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from ci_intel.errors import HubError
from simulate.domains import DOMAINS
from simulate.fleet import FLEET
from simulate.world import Sent, World

# Hidden, so that a load of the folder passes over it.
MARK = ".simulated.json"


class NotOurs(HubError):
    """The folder holds something that the simulation did not write; nothing was touched."""

    exit_code = 2


@dataclass(frozen=True)
class File:
    """The file of one topic: its path, and how many events of how many bytes it holds."""

    topic: str
    path: Path
    events: int
    bytes: int


def simulated(world: World) -> Mapping[str, bytes]:
    """
    Return the events that the world knows of when its window is over, as NDJSON by topic.

    In each topic they are in the order in which they became known.
    """
    lines: dict[str, list[tuple[str, bytes]]] = {topic: [] for topics in DOMAINS.values() for topic in topics}
    for sent in _events(world):
        topic = sent.event["schema"].partition(".")[0]
        lines[topic].append((sent.at.isoformat(), orjson.dumps(sent.event)))
    return {topic: b"".join(line + b"\n" for _, line in sorted(found)) for topic, found in lines.items()}


def write(world: World, folder: Path, *, is_forced: bool = False) -> list[File]:
    """
    Write the evidence of a world into `folder`, in place of what an earlier simulation wrote there.

    Each file appears whole or not at all. Raises `NotOurs`, before anything is written, if the folder
    holds something else; with `is_forced` it writes nevertheless, and replaces files of the same names.
    """
    written_before = _written_before(folder, is_forced=is_forced)
    contents = simulated(world)
    names = {f"{topic}.ndjson": content for topic, content in contents.items()}
    mark = {"simulated": True, "days": world.days, "seed": world.seed, "until": f"{world.until}"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The mark comes first: whatever is there after a crash can be recognised as ours.
        _replace(folder / MARK, orjson.dumps({**mark, "files": sorted({*names, *written_before})}) + b"\n")
        for name, content in names.items():
            _replace(folder / name, content)
        for name in written_before - set(names):
            (folder / name).unlink(missing_ok=True)
        _replace(folder / MARK, orjson.dumps({**mark, "files": sorted(names)}) + b"\n")
    except OSError as error:
        raise HubError(f"{folder}: cannot be written: {error.strerror or error}") from error
    return [
        File(topic, folder / f"{topic}.ndjson", content.count(b"\n"), len(content))
        for topic, content in contents.items()
    ]


def _events(world: World) -> Iterator[Sent]:
    for repository in FLEET:
        for events in DOMAINS:
            for day in world.dates():
                yield from (sent for sent in events(world, repository, day) if sent.at < world.end)


def _written_before(folder: Path, *, is_forced: bool) -> set[str]:
    """Return the names of the files that an earlier simulation wrote into the folder."""
    try:
        present = {path.name for path in folder.iterdir()} if folder.exists() else set()
    except OSError as error:
        raise HubError(f"{folder}: cannot be listed: {error.strerror}") from error
    ours = _marked(folder)
    foreign = sorted(name for name in present - ours if not name.startswith("."))
    if foreign and not is_forced:
        raise NotOurs(
            f"{folder} holds {foreign[0]}"
            + (f" and {len(foreign) - 1} more" if len(foreign) > 1 else "")
            + ", which no simulation wrote; choose another folder, or --force to write into this one"
        )
    return ours


def _marked(folder: Path) -> set[str]:
    try:
        names = json.loads((folder / MARK).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    # Only names of our own kind: a mark that was tampered with deletes nothing else.
    known = {f"{topic}.ndjson" for topics in DOMAINS.values() for topic in topics}
    return {name for name in names if name in known}


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
