"""
A loader killed at any moment: after a rerun nothing is lost, nothing is there twice, and nothing is left behind.

Twenty kills in the ordinary run, two hundred under the mark `torture`: first at every point that the
loader arms, then at random moments. The seed is in each test's name.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import duckdb
import pytest

POINTS = [
    "after_append",
    "after_append:4",
    "after_part",
    "after_part:2",
    "archiving",
    "archived",
    "before_commit",
    "after_commit",
    "before_close",
]
QUICK = 20
LONG = 200
SEED = 20260101
BEFORE, DURING = 40, 3000


def cases() -> list[object]:
    chosen: list[object] = []
    for number in range(LONG):
        fault = POINTS[number] if number < len(POINTS) else f"random moment, seed {SEED + number}"
        marks = [] if number < QUICK else [pytest.mark.torture]
        chosen.append(pytest.param(fault, number, id=f"{number}: {fault}", marks=marks))
    return chosen


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A warehouse with both files loaded undisturbed, and how long the second load took."""
    folder = tmp_path_factory.mktemp("clean")
    first, second = evidence(folder)
    load(first, folder)
    start = time.monotonic()
    load(second, folder)
    return folder, time.monotonic() - start


@pytest.mark.parametrize(("fault", "number"), cases())
def test_a_killed_load_leaves_all_or_nothing_and_a_rerun_completes_it(
    fault: str, number: int, clean: tuple[Path, float], tmp_path: Path
) -> None:
    undisturbed, duration = clean
    first, second = evidence(tmp_path)
    load(first, tmp_path)

    kill_while_loading(second, tmp_path, fault, random.Random(SEED + number), duration)

    assert counts(tmp_path) in ([BEFORE, 1], [BEFORE + DURING, 2])
    load(second, tmp_path)
    assert counts(tmp_path) == [BEFORE + DURING, 2] == counts(undisturbed)
    assert rows(tmp_path) == rows(undisturbed)
    assert left_behind(tmp_path) == []
    assert archived(tmp_path) == archived(undisturbed)
    assert size(tmp_path) <= 2 * size(undisturbed)


def kill_while_loading(path: Path, folder: Path, fault: str, chance: random.Random, duration: float) -> None:
    armed = {} if fault.startswith("random") else {"CI_INTEL_FAULT": fault}
    process = subprocess.Popen(
        command(path, folder), env=os.environ | armed, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    if armed:
        output = process.communicate(timeout=120)
        assert process.returncode == -9, f"the point {fault} was never reached: {output}"
        return
    time.sleep(chance.uniform(0, duration))
    process.kill()
    process.communicate(timeout=120)


def load(path: Path, folder: Path) -> None:
    done = subprocess.run(command(path, folder), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["events"] == report["loaded"] + report["rejected"] + report["duplicate"]


def command(path: Path, folder: Path) -> list[str]:
    warehouse = f"duckdb:///{folder / 'warehouse' / 'hub.duckdb'}"
    return [
        sys.executable,
        "-m",
        "ci_intel.cli",
        "load",
        str(path),
        "--warehouse",
        warehouse,
        "--json",
        "--workers",
        "1",
    ]


def counts(folder: Path) -> list[int]:
    with duckdb.connect(str(folder / "warehouse" / "hub.duckdb"), read_only=True) as connection:
        tables = ["pipeline_runs", "loads"]
        return [connection.execute(f"select count(*) from raw.{table}").fetchone()[0] for table in tables]  # type: ignore[index]


def rows(folder: Path) -> list[tuple[object, ...]]:
    """Every row of the children as well, but for the clock's columns."""
    with duckdb.connect(str(folder / "warehouse" / "hub.duckdb"), read_only=True) as connection:
        return [
            connection.execute(
                f"select count(*), bit_xor(hash(columns(* exclude (_loaded_at))))::varchar from raw.{table}"
            ).fetchall()
            for table in ("pipeline_runs", "pipeline_run_jobs", "pipeline_run_job_matrix", "pipeline_run_policies")
        ]  # type: ignore[return-value]


def left_behind(folder: Path) -> list[str]:
    expected = {".zst", ".duckdb", ".ndjson"}
    return [str(path) for path in folder.rglob("*") if path.is_file() and path.suffix not in expected]


def archived(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "warehouse" / "archive").rglob("*.zst"))


def size(folder: Path) -> int:
    return (folder / "warehouse" / "hub.duckdb").stat().st_size


def evidence(folder: Path) -> tuple[Path, Path]:
    """Write the same two files into any folder: a small one, and one of several parts."""
    first, second = folder / "first.ndjson", folder / "second.ndjson"
    if not first.exists():
        first.write_text("".join(run(number) for number in range(BEFORE)))
        second.write_text("".join(run(number) for number in range(BEFORE, BEFORE + DURING)))
    return first, second


def run(number: int) -> str:
    sha = hashlib.sha1(str(number).encode()).hexdigest()
    jobs = [
        {
            "id": f"job-{place}",
            "name": "build and test " + "x" * 200,
            "status": "success",
            "duration_ms": number + place,
            "matrix": {"python": f"3.{place}", "os": "linux"},
        }
        for place in range(4)
    ]
    event = {
        "schema": "pipeline_run.v1.2",
        "run_id": str(uuid.UUID(sha[:32])),
        "repo": "acme/shop",
        "commit_sha": sha,
        "branch": "main",
        "started_at": "2026-01-01T00:00:00Z",
        "ended_at": "2026-01-01T00:10:00Z",
        "status": "success",
        "jobs": jobs,
        "tests": {
            "total": 10,
            "failed": 0,
            "duration_ms": number,
            "resilience": {"mutants_total": 10, "killed": 9, "equiv": 0, "timeout": 1, "score": 0.9},
        },
        "policies": [{"id": "signed", "result": "allow"}],
        "cost": {"usd": 0.01},
    }
    return json.dumps(event) + "\n"


@pytest.fixture(autouse=True)
def _tidy(tmp_path: Path) -> object:
    yield
    shutil.rmtree(tmp_path, ignore_errors=True)
