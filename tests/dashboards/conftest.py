"""A Superset that is started from nothing, once, on the marts of the demo."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import BIN, PROJECT, Served, free_port

DEMO = PROJECT / "warehouse" / "ci_intel.duckdb"
CACHE = PROJECT / ".cache" / "dashboards"
PYTHON = PROJECT / ".cache" / "superset" / "venv" / "bin" / "python"


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo's warehouse; without a demo, of a fleet that is simulated, loaded and built for this."""
    copy = tmp_path_factory.mktemp("warehouse") / "ci_intel.duckdb"
    shutil.copy(DEMO if DEMO.exists() else _simulated(), copy)
    return copy


def _simulated() -> Path:
    """Return a warehouse with the marts of this checkout; made once for each state of the models."""
    digest = hashlib.sha256()
    for folder in ("models", "macros", "seeds", "simulate", "ingest"):
        for path in sorted((PROJECT / folder).rglob("*.*")):
            if path.suffix in (".sql", ".yml", ".csv", ".py"):
                digest.update(path.read_bytes())
    folder = CACHE / digest.hexdigest()[:16]
    made = folder / "ci_intel.duckdb"
    if made.exists():
        return made
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    unfinished = folder / "unfinished.duckdb"
    environment = {**os.environ, "CI_INTEL_WAREHOUSE": f"duckdb:///{unfinished}", "CI_INTEL_TARGET": "dev"}
    for command in (
        ["ci-intel", "simulate", "--days", "90", "--seed", "7", "--out", folder / "evidence"],
        ["ci-intel", "load", folder / "evidence", "--archive", folder / "archive"],
        ["dbt", "--quiet", "build", "--exclude-resource-type", "unit_test", "--target-path", folder / "target"],
    ):
        subprocess.run([BIN / str(command[0]), *command[1:]], check=True, cwd=PROJECT, env=environment)
    unfinished.rename(made)
    return made


@pytest.fixture(scope="session")
def served(warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Superset, from nothing to serving every dashboard in git."""
    from dashboards.bundle import bundle
    from dashboards.publish import publish
    from dashboards.server.local import Superset, stop

    assert PYTHON.exists(), "Superset is not installed: make dashboards-test installs it"
    published = tmp_path_factory.mktemp("published") / "hub.duckdb"
    publish(warehouse, published, lock_timeout=60)
    superset = Superset(tmp_path_factory.mktemp("superset"), PYTHON, free_port())
    passwords = superset.provision(bundle(f"duckdb:///{published}"))
    process = superset.start()
    yield Served(superset.address, dict(passwords), superset.home, warehouse, published)
    stop(process)
