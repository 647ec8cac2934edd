"""Superset of our own: what is done is not done again, and what cannot be done is said."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import asking
import pytest
import yaml
from conftest import PYTHON
from expected import ASSETS
from serving import Served, free_port

from dashboards.assets import read_assets
from dashboards.bundle import bundle
from dashboards.server.local import Superset, SupersetFailed, stop

pytestmark = pytest.mark.dashboards


@pytest.fixture
def copied(served: Served, tmp_path: Path) -> Superset:
    """A second Superset, with the state of the first."""
    home = tmp_path / "superset"
    shutil.copytree(served.home, home, ignore=shutil.ignore_patterns("cache", "*.log", "*.db*"))
    with (
        closing(sqlite3.connect(served.home / "superset.db")) as theirs,
        closing(sqlite3.connect(home / "superset.db")) as copy,
    ):
        theirs.backup(copy)
    return Superset(home, PYTHON, free_port())


def test_a_second_start_provisions_nothing(served: Served, copied: Superset) -> None:
    passwords = copied.provision(bundle(served.uri))

    assert passwords == {}
    # No process was started for it, which is what a first start takes its time for.
    assert not (copied.home / "provision.log").exists()


def test_what_left_git_leaves_superset_and_accounts_stay(served: Served, copied: Superset, tmp_path: Path) -> None:
    folder = tmp_path / "assets"
    shutil.copytree(ASSETS, folder)
    slug = "executive_scorecard"
    dashboard = folder / slug / "dashboard.yaml"
    content = yaml.safe_load(dashboard.read_text())
    removed = next(tile["chart"] for row in content["rows"] for tile in row if "chart" in tile)
    content["rows"] = [[tile for tile in row if tile.get("chart") != removed] for row in content["rows"]]
    content["rows"] = [row for row in content["rows"] if row]
    dashboard.write_text(yaml.safe_dump(content, sort_keys=False))
    (folder / slug / "charts" / f"{removed}.yaml").unlink()

    assert copied.provision(bundle(served.uri, read_assets(folder))) == {}
    process = copied.start()
    moved = Served(copied.address, served.passwords, copied.home, served.warehouse, served.published)
    with asking.client(moved) as client:
        names = set(asking.charts_by_name(client))
    stop(process)

    assert f"{slug}/{removed}" not in names
    assert names


def test_a_port_that_is_taken_is_said_with_another_to_try(copied: Superset) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = Superset(copied.home, copied.python, int(listener.getsockname()[1]))

        with pytest.raises(SupersetFailed, match=f"port {taken.port} is taken.*PORT={taken.port + 1}"):
            taken.start()


def test_a_setup_that_fails_says_where_its_log_is_and_is_done_again(served: Served, tmp_path: Path) -> None:
    superset = Superset(tmp_path / "home", tmp_path / "no" / "python", free_port())

    with pytest.raises(SupersetFailed, match="failed"):
        superset.provision(bundle(served.uri))

    assert not (superset.home / "provisioned.json").exists()


def test_a_note_that_cannot_be_read_is_as_none(copied: Superset) -> None:
    (copied.home / "provisioned.json").write_text("{")

    assert copied._note() == {}
    assert json.loads((copied.home / "secrets.json").read_text())
