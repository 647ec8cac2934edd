from __future__ import annotations

from pathlib import Path

import pytest

from ingest.discover import discover


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.xml", "a.json", "in/c.xml", "in/deeper/d.xml", ".hidden/e.xml", "in/.f.xml", "odd [1].xml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*arguments: str) -> list[tuple[str, bool, str | None]]:
    return [(str(one.path), one.is_named, one.problem[0] if one.problem else None) for one in discover(arguments)]


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        (["."], ["a.json", "b.xml", "in/c.xml", "in/deeper/d.xml", "odd [1].xml"]),
        (["in"], ["in/c.xml", "in/deeper/d.xml"]),
        (["*.xml"], ["b.xml", "odd [1].xml"]),
        (["**/*.xml"], ["b.xml", "in/c.xml", "in/deeper/d.xml", "odd [1].xml"]),
        (["odd [1].xml"], ["odd [1].xml"]),
        (["b.xml", "b.xml", "*.xml"], ["b.xml", "odd [1].xml"]),
        ([".hidden/e.xml"], [".hidden/e.xml"]),
        (["-"], ["-"]),
    ],
)
def test_paths_folders_and_patterns_mean_each_file_once_and_in_order(
    tree: Path, arguments: list[str], files: list[str]
) -> None:
    assert [path for path, *_ in found(*arguments)] == files


def test_a_file_in_a_folder_was_not_named_and_one_that_a_pattern_matches_was(tree: Path) -> None:
    assert found("in") == [("in/c.xml", False, None), ("in/deeper/d.xml", False, None)]
    assert found("in/*.xml") == [("in/c.xml", True, None)]


@pytest.mark.parametrize("argument", ["nowhere", "nowhere/*.xml", "x" * 5000, "a\0b"])
def test_what_means_nothing_is_missing(tree: Path, argument: str) -> None:
    assert found(argument) == [(argument, True, "missing")]


def test_links_are_followed_and_loops_and_links_to_nothing_are_reported(tree: Path) -> None:
    (tree / "in/again").symlink_to(tree / "in")
    (tree / "in/gone").symlink_to("nowhere")
    (tree / "in/other.xml").symlink_to(tree / "b.xml")

    assert found("in") == [
        ("in/again", False, "directory_loop"),
        ("in/c.xml", False, None),
        ("in/deeper/d.xml", False, None),
        ("in/gone", False, "missing"),
        ("in/other.xml", False, None),
    ]


def test_two_links_to_one_folder_are_no_loop(tree: Path) -> None:
    (tree / "twice").mkdir()
    for name in ("one", "two"):
        (tree / "twice" / name).symlink_to(tree / "in" / "deeper")

    assert [path for path, *_ in found("twice")] == ["twice/one/d.xml", "twice/two/d.xml"]
