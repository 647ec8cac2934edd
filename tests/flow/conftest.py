from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hub import Hub
from reported import fill
from writer import writing


@pytest.fixture(scope="session")
def new_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with all tables and no row, made once: creating them takes most of a small load's time."""
    made = Hub(tmp_path_factory.mktemp("new"))
    assert made.run("warehouse", "init").exit_code == 0
    return made.path


@pytest.fixture
def hub(tmp_path: Path, new_warehouse: Path) -> Hub:
    """A hub with an empty warehouse."""
    return _hub(tmp_path, new_warehouse)


@pytest.fixture(scope="module")
def shared_hub(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Path) -> Hub:
    """A hub with an empty warehouse that the tests of a module share, where a build would cost too much for each."""
    return _hub(tmp_path_factory.mktemp("shared"), new_warehouse)


@pytest.fixture(scope="session")
def reported_hub(tmp_path_factory: pytest.TempPathFactory, new_warehouse: Path) -> Hub:
    """A hub with every mart built, of a simulated fleet and of hostile real evidence; nobody changes it."""
    return fill(_hub(tmp_path_factory.mktemp("reported"), new_warehouse))


def _hub(folder: Path, new_warehouse: Path) -> Hub:
    made = Hub(folder)
    made.path.parent.mkdir()
    shutil.copy(new_warehouse, made.path)
    return made


@pytest.fixture
def locked(hub: Hub) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has the warehouse's file open for writing, until it is told that its input ends."""
    with writing(hub.path) as writer:
        yield writer
