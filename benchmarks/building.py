"""
What `dbt build` costs as a fleet grows: `python benchmarks/building.py`, part of `make bench`.

At 100,000 runs with a million jobs, and at a million with ten million, on DuckDB: the full build of a year, and the
builds of three more days, one by one, each of which also brings a second attempt and a correction for some runs of the
day before. The day whose models took the middle time is held against the full build.

Start-up is what passes until dbt begins with its first node; model time is what the models took, added up. What is left
of the wall time goes almost all into bringing DuckDB's log into the file, when it is closed. The models' unit tests do
not depend on the data and are left out. Nothing here passes or fails.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fleet_days import Fleet
from measure import Figures, measure

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".cache" / "bench" / "building"
BIN = Path(sys.executable).parent
DAYS = 365
MORE_DAYS = 3
SIZES = (100_000, 1_000_000)
SLOWEST = 8
MEMORY = "8GB"
"""What DuckDB may take; dbt itself and what is not counted by DuckDB's limit come on top."""


@dataclass(frozen=True)
class Build:
    """One `dbt build`: what it cost as a whole, seconds until it began, and seconds by kind of node and by model."""

    whole: Figures
    start_up: float
    kinds: dict[str, float]
    models: dict[str, float]


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Measure, and print what came out."""
    for runs in sizes:
        folder = CACHE / str(runs)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        database = folder / "hub.duckdb"
        fleet = Fleet(runs // DAYS)
        print(f"{runs:,} runs, {runs * 10:,} jobs, {DAYS} days", flush=True)
        prepare(database)
        fleet.write(database, 0, DAYS)
        full = build(database, folder / "target", "2026-06-01 12:00:00")
        report("full", full)
        days = [one_more_day(fleet, database, folder / "target", number) for number in range(MORE_DAYS)]
        day = sorted(days, key=lambda each: each.kinds["model"])[MORE_DAYS // 2]
        print(f"  the day's model time is {day.kinds['model'] / full.kinds['model']:.3f} of the full build's, ", end="")
        print(f"and {model_and_rest(day) / model_and_rest(full):.3f} with the rest of the wall time")
        print(f"  the file has {database.stat().st_size / 2**30:.1f} GB\n", flush=True)


def one_more_day(fleet: Fleet, database: Path, target: Path, number: int) -> Build:
    """Append a day, build, and print what that cost."""
    fleet.write(database, DAYS + number, DAYS + number + 1)
    day = build(database, target, f"2026-06-{number + 2:02d} 12:00:00")
    report("one more day", day)
    return day


def prepare(database: Path) -> None:
    """Create the raw tables."""
    url = f"duckdb:///{database}"
    subprocess.run([BIN / "ci-intel", "warehouse", "init", "--warehouse", url], check=True, stdout=subprocess.DEVNULL)


def build(database: Path, target: Path, as_of: str) -> Build:
    """Build everything but unit tests, as of this moment, and say what it cost."""
    # What was written before goes to the disk now, not while this is measured.
    os.sync()
    begun = datetime.now(UTC)
    folders = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT), "--target-path", str(target)]
    whole = measure(
        [str(BIN / "dbt"), "--quiet", "build", "--exclude-resource-type", "unit_test", *folders, *pinned(as_of)],
        CI_INTEL_WAREHOUSE=f"duckdb:///{database}",
        CI_INTEL_TARGET="dev",
        CI_INTEL_DUCKDB_MEMORY=MEMORY,
    )
    results = json.loads((target / "run_results.json").read_text())["results"]
    kinds: dict[str, float] = defaultdict(float)
    models: dict[str, float] = {}
    for result in results:
        kind, _, name = result["unique_id"].split(".")[:3]
        kinds[kind] += result["execution_time"]
        if kind == "model":
            models[name] = result["execution_time"]
    first = min(moment["started_at"] for result in results for moment in result["timing"])
    start_up = (datetime.fromisoformat(first) - begun).total_seconds()
    return Build(whole, start_up, dict(kinds), models)


def pinned(as_of: str) -> list[str]:
    """Return the options that set the models' clock."""
    return ["--vars", json.dumps({"as_of": as_of})]


def rest(build: Build) -> float:
    """Return the seconds that are neither start-up nor of any node, of one thread."""
    return build.whole.wall - build.start_up - sum(build.kinds.values())


def model_and_rest(build: Build) -> float:
    """Return the seconds of models, and of what is of no node."""
    return build.kinds["model"] + rest(build)


def report(name: str, build: Build) -> None:
    """Print one build: the whole, its parts, and the models that took longest."""
    whole = build.whole
    parts = ", ".join(f"{kind}s {seconds:.1f} s" for kind, seconds in sorted(build.kinds.items()))
    print(f"  {name}: {whole.wall:.1f} s of wall time, {whole.cpu:.1f} s of CPU, {whole.memory:,.0f} MB")
    print(f"    start-up {build.start_up:.1f} s, {parts}, the rest {rest(build):.1f} s")
    slowest = sorted(build.models.items(), key=lambda model: -model[1])[:SLOWEST]
    print("    " + ", ".join(f"{model} {seconds:.1f}" for model, seconds in slowest), flush=True)


if __name__ == "__main__":
    main(tuple(int(size) for size in sys.argv[1:]) or SIZES)
