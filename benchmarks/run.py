"""
The speed of loading, against named peers, in one run: `make bench`.

100,000 pipeline runs of about 3 KB, from one NDJSON file into a new DuckDB file:

    ci-intel       judged against the contract, normalised into six tables, committed; archive off and on
    read_json      DuckDB's own reader into one table, nothing judged
    dlt            dlt's filesystem-to-DuckDB way into normalised tables, on a twentieth, scaled

and one event, start-up included. Figures are medians of three rounds in turn; ratios are taken
round by round. Nothing here passes or fails.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from generate import run as generated
from measure import Figures, in_turn, measure, median

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".cache" / "bench"
COUNT, SAMPLE, ROUNDS = 100_000, 5_000, 3


def main() -> None:
    """Measure, and print what came out."""
    evidence, sample, one = (written(count) for count in (COUNT, SAMPLE, 1))
    peer = peers_python()
    print(f"{COUNT:,} runs, {evidence.stat().st_size / COUNT:,.0f} bytes each; {ROUNDS} rounds in turn\n")
    figures = in_turn(
        {
            "ci-intel load --no-archive": lambda: loading(evidence, "--no-archive"),
            "ci-intel load": lambda: loading(evidence),
            "duckdb read_json": lambda: measure(
                [str(peer), str(ROOT / "benchmarks/peer_read_json.py"), str(evidence), fresh("read_json")]
            ),
            f"dlt ({SAMPLE:,}, × {COUNT // SAMPLE})": lambda: scaled(
                measure([str(peer), str(ROOT / "benchmarks/peer_dlt.py"), str(sample), fresh("dlt")])
            ),
        },
        ROUNDS,
    )
    print(f"{'':<28}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'events/CPU s':>14}{'speed ÷ read_json':>19}")
    baseline = figures["duckdb read_json"]
    for name, measured in figures.items():
        middle = median(measured)
        ratio = statistics.median(theirs.wall / ours.wall for ours, theirs in zip(measured, baseline, strict=True))
        print(
            f"{name:<28}{middle.wall:>9.2f}{middle.cpu:>9.2f}{middle.memory:>9.0f}{COUNT / middle.cpu:>14,.0f}"
            f"{ratio:>19.2f}"
        )
    dlt = figures[f"dlt ({SAMPLE:,}, × {COUNT // SAMPLE})"]
    times = statistics.median(
        theirs.cpu / ours.cpu for ours, theirs in zip(figures["ci-intel load --no-archive"], dlt, strict=True)
    )
    print(f"\nper CPU second, ci-intel loads {times:.0f} × what dlt does")
    single = median([loading(one) for _ in range(5)])
    print(f"one event, start-up included: {single.cpu:.2f} s of CPU, {single.wall:.2f} s, {single.memory:.0f} MB")


def loading(evidence: Path, *options: str) -> Figures:
    """Load a file into a new warehouse."""
    url = f"duckdb:///{fresh('ci_intel')}"
    return measure([str(Path(sys.executable).parent / "ci-intel"), "load", str(evidence), "--warehouse", url, *options])


def scaled(sample: Figures) -> Figures:
    """Say what the whole would have taken at the sample's speed; its memory is left as it is."""
    return Figures(sample.wall * COUNT / SAMPLE, sample.cpu * COUNT / SAMPLE, sample.memory)


def fresh(name: str) -> str:
    """Return the path of a database that does not exist yet."""
    folder = CACHE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return str(folder / "bench.duckdb")


def written(count: int) -> Path:
    """Return a file with the first `count` generated runs."""
    path = CACHE / f"runs_{count}.ndjson"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for number in range(count):
                file.write(generated(number) + b"\n")
    return path


def peers_python() -> Path:
    """Return the Python of the environment that holds the peers, made if it is not there."""
    folder = CACHE / "peers"
    python = folder / "bin" / "python"
    lock = ROOT / "benchmarks" / "requirements.lock"
    if not python.exists():
        uv = Path(sys.executable).parent / "uv"
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
        subprocess.run([*install, "--require-hashes", "-r", lock], check=True)
    return python


if __name__ == "__main__":
    main()
