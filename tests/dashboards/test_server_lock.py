"""The environment of Superset: whole, and able to read what the project writes."""

from __future__ import annotations

import re

import pytest
from serving import PROJECT

OURS = (PROJECT / "requirements.lock").read_text()
SUPERSETS = (PROJECT / "dashboards" / "server" / "requirements.lock").read_text()


def version(lock: str, name: str) -> str:
    [found] = re.findall(rf"^{name}==(\S+)", lock, re.MULTILINE)
    return str(found)


def test_superset_reads_with_the_duckdb_that_writes() -> None:
    assert version(SUPERSETS, "duckdb") == version(OURS, "duckdb")


@pytest.mark.parametrize("name", ["rich", "cachetools", "gunicorn", "duckdb-engine", "sqlalchemy-bigquery"])
def test_what_superset_does_not_name_itself_is_there(name: str) -> None:
    assert version(SUPERSETS, name)


def test_the_cache_is_one_that_superset_can_start_with() -> None:
    assert version(SUPERSETS, "flask-caching") < "2.5"


def test_every_package_has_hashes_and_none_an_address() -> None:
    pinned = re.findall(r"^[a-z0-9._-]+==\S+ \\$", SUPERSETS, re.MULTILINE)

    assert len(pinned) == len(re.findall(r"^[a-z0-9]", SUPERSETS, re.MULTILINE))
    assert "://" not in SUPERSETS
