from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path
from typing import Any

import pytest
import zstandard

from ci_intel.errors import HubError, NotFound
from ingest.archive import Archive
from ingest.evidence import Limits, opened

CONTENT = b"evidence\n" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "evidence.txt"
    path.write_bytes(CONTENT)
    return path


def keep(archive: Archive, path: Path) -> None:
    with opened(path, Limits()) as evidence:
        archive.keep(evidence)


def test_content_is_kept_once_under_its_digest_and_comes_back_byte_for_byte(archive: Archive, source: Path) -> None:
    keep(archive, source)
    before = archive.path_of(DIGEST).stat()
    keep(archive, source)

    assert archive.path_of(DIGEST).stat().st_mtime_ns == before.st_mtime_ns
    assert archive.path_of(DIGEST).stat().st_size < len(CONTENT)
    with archive.content(DIGEST) as evidence:
        assert b"".join(evidence.blocks()) == CONTENT


def test_what_a_killed_writer_left_aside_is_removed_and_what_a_living_one_writes_is_not(
    archive: Archive, source: Path
) -> None:
    aside = archive.folder / "aside"
    aside.mkdir(parents=True)
    (aside / "stale").write_bytes(b"half")
    living = aside / "living"
    living.write_bytes(b"half")

    with living.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        keep(archive, source)

    assert [path.name for path in aside.iterdir()] == ["living"]
    assert archive.path_of(DIGEST).exists()


@pytest.mark.parametrize("moment", ["before it is looked at", "while it is looked at"])
def test_what_another_writer_puts_in_its_place_while_this_one_clears_away_stays_and_is_no_error(
    archive: Archive, source: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    aside, place = archive.folder / "aside", archive.folder / "ab" / "other.zst"
    aside.mkdir(parents=True)
    place.parent.mkdir()
    (aside / "other").write_bytes(b"whole")
    look, lock = Path.open, fcntl.flock

    def finish() -> None:
        if (aside / "other").exists():
            (aside / "other").rename(place)

    def looked_at(path: Path, *arguments: Any, **options: Any) -> object:
        if path.name == "other" and moment == "before it is looked at":
            finish()
        return look(path, *arguments, **options)

    def locked(file: Any, operation: int) -> None:
        if operation & fcntl.LOCK_NB:
            finish()
        lock(file, operation)

    monkeypatch.setattr(Path, "open", looked_at)
    monkeypatch.setattr(fcntl, "flock", locked)
    keep(archive, source)

    assert place.read_bytes() == b"whole"
    assert archive.path_of(DIGEST).exists()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda packed: packed[:-5], id="cut short"),
        pytest.param(lambda packed: packed[:20] + b"\xff" + packed[21:], id="one byte changed"),
        pytest.param(lambda _: zstandard.compress(b"something else"), id="other content"),
        pytest.param(lambda _: b"", id="empty"),
    ],
)
def test_damaged_content_is_never_given_out(archive: Archive, source: Path, damage: object) -> None:
    keep(archive, source)
    path = archive.path_of(DIGEST)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]

    with pytest.raises(HubError, match="damaged"), archive.content(DIGEST):
        pass


def test_content_that_is_not_there_is_not_found(archive: Archive) -> None:
    with pytest.raises(NotFound, match="--no-archive"), archive.content(DIGEST):
        pass


def test_a_folder_that_cannot_be_made_is_an_error_that_names_the_flag(tmp_path: Path, source: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(HubError, match="choose another --archive"):
        keep(Archive(tmp_path / "file"), source)


def test_only_its_owner_may_look_into_the_archive(archive: Archive, source: Path) -> None:
    keep(archive, source)

    assert archive.path_of(DIGEST).parent.stat().st_mode & 0o077 == 0
    assert archive.path_of(DIGEST).stat().st_mode & 0o077 == 0
