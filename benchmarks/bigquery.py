"""
Loading into an emulator of BigQuery, beside DuckDB, and how much of that is the client's own.

The emulator's share of the time says nothing about BigQuery. The client's CPU does: it is what a CI
job pays, whatever answers at the other end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from generate import run as generated
from measure import Figures, in_turn, measure, median

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".cache" / "bench"
FILES, LARGE, ROUNDS = 50, 20_000, 1

sys.path.append(str(ROOT / "tests" / "bigquery"))


def main() -> None:
    """Measure, and print what came out."""
    from emulated import emulator

    command = loader()
    one, many, large = evidence("one", 1, 1), evidence("many", FILES, 1), evidence("large", 1, LARGE)
    shutil.rmtree(CACHE / "emulator", ignore_errors=True)
    with emulator(CACHE / "emulator") as address:
        print(f"{'':<34}{'wall s':>9}{'client CPU s':>14}{'client share':>14}{'events/s':>10}")
        for name, folder, events in (
            ("one event", one, 1),
            (f"{FILES} files of one event", many, FILES),
            (f"one file of {LARGE:,} events", large, LARGE),
        ):
            figures = in_turn(
                {
                    "DuckDB": lambda folder=folder: load(command, folder, duckdb()),
                    "emulated BigQuery": lambda folder=folder: load(command, folder, bigquery(address)),
                },
                ROUNDS,
            )
            for engine, measured in figures.items():
                middle = median(measured)
                share = middle.cpu / middle.wall
                print(
                    f"{name + ', ' + engine:<44}{middle.wall:>8.2f}{middle.cpu:>10.2f}{share:>12.0%}"
                    f"{events / middle.wall:>12,.0f}"
                )


def load(command: str, folder: Path, environment: dict[str, str]) -> Figures:
    """Load a folder into a warehouse that is prepared and empty."""
    init = [command, "warehouse", "init", *(["--create-dataset"] if "CI_INTEL_BQ_DATASET" in environment else [])]
    subprocess.run(init, env={**os.environ, **environment}, check=True, capture_output=True)
    return measure([command, "load", str(folder), "--no-archive"], **environment)


def loader() -> str:
    """Return the command in an environment like a CI job's: the wheel with its extra for BigQuery, and no dbt."""
    folder = CACHE / "loader"
    uv = str(Path(sys.executable).parent / "uv")
    python = str(folder / "bin" / "python")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
    subprocess.run([*install, "--constraint", "requirements.lock", f"{ROOT}[bigquery]"], cwd=ROOT, check=True)
    return str(folder / "bin" / "ci-intel")


def duckdb() -> dict[str, str]:
    """Return the settings of a new DuckDB file."""
    path = CACHE / "beside_bigquery.duckdb"
    path.unlink(missing_ok=True)
    return {"CI_INTEL_WAREHOUSE": f"duckdb:///{path}"}


def bigquery(address: str) -> dict[str, str]:
    """Return the settings of a dataset, emptied."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import bigquery as client_library

    environment = {
        "CI_INTEL_BQ_PROJECT": "local",
        "CI_INTEL_BQ_DATASET": "bench",
        "CI_INTEL_BQ_ENDPOINT": address,
        "CI_INTEL_WAREHOUSE": "",
    }
    with client_library.Client(
        "local", credentials=AnonymousCredentials(), client_options={"api_endpoint": address}
    ) as client:
        client.create_dataset("bench_raw", exists_ok=True)
        for table in client.list_tables("bench_raw"):
            client.query_and_wait(f"truncate table bench_raw.{table.table_id}")
    return environment


def evidence(name: str, files: int, events: int) -> Path:
    """Return a folder with so many files of so many generated runs."""
    folder = CACHE / f"bigquery_{name}"
    if not folder.exists():
        folder.mkdir(parents=True)
        for file in range(files):
            lines = (generated(file * events + number) for number in range(events))
            (folder / f"{file}.ndjson").write_bytes(b"".join(line + b"\n" for line in lines))
    return folder


if __name__ == "__main__":
    main()
