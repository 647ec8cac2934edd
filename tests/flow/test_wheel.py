"""What an adopter installs: the wheel, without the checkout around it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import orjson
from hub import PROJECT, event, lines

from ci_intel.metrics import catalogue


def test_the_wheel_holds_its_contracts_and_dashboards_and_loads_a_file_outside_of_the_checkout(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path / "dist", PROJECT],
        env=clean, check=True, capture_output=True,
    )  # fmt: skip
    [wheel] = (tmp_path / "dist").glob("*.whl")
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    python = environment / "bin" / "python"
    [site] = environment.glob("lib/python*/site-packages")
    installed = tmp_path / "installed"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", installed, wheel],
        env=clean, check=True, capture_output=True,
    )  # fmt: skip
    # The dependencies are those of this environment, the hub is the wheel's.
    (site / "hub.pth").write_text(f"{installed}\n{sysconfig.get_path('purelib')}\n")
    (tmp_path / "evidence.ndjson").write_bytes(lines(event(), b"broken"))

    def run(*command: str | Path) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([python, *command], cwd=tmp_path, env=clean, capture_output=True, check=False)

    where = run("-c", "import ci_intel.contracts as c; print(c.__file__, c.schema_folder(), sep='\\n')").stdout.decode()
    loaded = run("-m", "ci_intel.cli", "load", "evidence.ndjson", "--json")
    metrics = run("-m", "ci_intel.cli", "metrics", "--json")
    bundle = ("dashboards", "bundle", "--out", "bundle.zip", "--database", "duckdb:////srv/hub.duckdb")
    bundled = run("-m", "ci_intel.cli", *bundle)

    assert where.splitlines() == [f"{installed}/ci_intel/contracts.py", f"{installed}/ci_intel/schema"]
    assert loaded.returncode == 1, loaded.stderr
    report = orjson.loads(loaded.stdout)
    assert (report["status"], report["loaded"], report["rejected"]) == ("loaded", 1, 1)
    assert (tmp_path / "warehouse/ci_intel.duckdb").exists()
    assert len(metrics.stdout.splitlines()) == len(catalogue())
    assert bundled.returncode == 0, bundled.stderr
    assert (tmp_path / "bundle.zip").stat().st_size > 10_000
