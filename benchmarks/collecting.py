"""
What it takes to collect an organisation: `python benchmarks/collecting.py [REPOSITORIES [RUNS]]`, part of `make bench`.

Ten repositories with 5,000 runs each in 90 days, five jobs a run, every twentieth run twice, deployments, pull
requests, releases: collected from a server on this machine, from nothing into marts, again at once, and once more
when an hour has passed. The server has a process of its own, whose CPU seconds are told apart: it answers in a
millisecond or two what takes a provider a hundred, and shares the two cores. Nothing here passes or fails.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import shutil
import sys
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

from building import BIN, build, report
from measure import Figures, measure

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".cache" / "bench" / "collecting"
DAYS = 90
JOBS = 5
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
sys.path.insert(0, str(ROOT / "tests" / "collect"))


def main(repositories: int = 10, runs: int = 5_000) -> None:
    """Measure, and print what came out."""
    shutil.rmtree(CACHE, ignore_errors=True)
    CACHE.mkdir(parents=True)
    print(f"{repositories} repositories, {runs:,} runs each in {DAYS} days, {JOBS} jobs a run", flush=True)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs, repositories, runs), daemon=True)
    server.start()
    url = ours.recv()
    first = collect(url, repositories)
    told("first collection", first, ours)
    built = build(CACHE / "hub.duckdb", CACHE / "target", f"{NOW:%Y-%m-%d %H:%M:%S}")
    report("dbt build", built)
    print(f"  from nothing into marts: {(first[0].wall + built.whole.wall) / 60:.1f} min", flush=True)
    told("nothing new", collect(url, repositories), ours)
    ours.send("an hour passes")
    told("an hour later", collect(url, repositories), ours)
    ours.send(None)
    server.join()
    print(f"  warehouse {size_of(CACHE / 'hub.duckdb'):.2f} GB, archive {size_of(CACHE / 'archive'):.2f} GB")


def collect(url: str, repositories: int) -> tuple[Figures, dict[str, object]]:
    """Collect once, as a user does; return what it cost and what the command said of it all."""
    said = CACHE / "said.jsonl"
    names = " ".join(f"--repository acme/service-{number}" for number in range(repositories))
    command = (
        f"{BIN / 'ci-intel'} collect github {names} --since {NOW - timedelta(days=DAYS):%Y-%m-%d} --api-url {url} "
        f"--json > {said} 2> {CACHE / 'errors.txt'} || {{ cat {CACHE / 'errors.txt'}; exit 1; }}"
    )
    figures = measure(
        ["bash", "-c", command],
        CI_INTEL_WAREHOUSE=f"duckdb:///{CACHE / 'hub.duckdb'}",
        CI_INTEL_GITHUB_TOKEN="a-token-for-nobody",
    )
    return figures, json.loads(said.read_text().splitlines()[-1])


def told(name: str, outcome: tuple[Figures, dict[str, object]], server: Connection) -> None:
    """Print one collection, and what the server's answers took."""
    figures, said = outcome
    requests, events = said["requests"], said["events"]
    assert isinstance(requests, dict)
    assert isinstance(events, dict)
    server.send("what did it take")
    print(f"  {name}: {figures.wall:.1f} s of wall time, {figures.cpu:.1f} s of CPU, {figures.memory:,.0f} MB")
    print(f"    the server's answers: {server.recv():.1f} s of CPU")
    print(
        f"    {events.get('loaded', 0):,} events; {requests['sent']:,} requests, {requests['not_modified']:,} unchanged"
    )
    print(f"    requests per 1,000 runs: {requests['per_1000_runs']}  {requests['by_subject']}", flush=True)


def serve(connection: Connection, repositories: int, runs: int) -> None:
    """Be the provider."""
    from replay import Repo, World, deployed, merged, released, run, serving

    def fill(repo: Repo, begin: datetime, count: int, first: int) -> None:
        step = timedelta(days=DAYS) / runs
        for place in range(count):
            number, at = first + place, (begin + place * step).replace(microsecond=0)
            run_id = repo.id * 1_000_000 + number
            repo.runs.insert(0, run(repo, run_id, at, attempts=2 if number % 20 == 3 else 1))
            if number % 25 == 0:
                deployed(repo, repo.id * 100_000 + number, run_id, at + timedelta(minutes=15))
            if number % 25 == 0:
                merged(repo, number + 1, at)
            if number % 500 == 0:
                released(repo, number, f"v1.{number}.0", at)

    repos = [Repo(f"acme/service-{number}", number + 1, job_count=JOBS) for number in range(repositories)]
    for repo in repos:
        fill(repo, NOW - timedelta(days=DAYS), runs, 0)
    with serving(World(*repos)) as server:
        server.clock_ahead = NOW - datetime.now(UTC)
        connection.send(server.url)
        before = 0.0
        while (asked := connection.recv()) is not None:
            if asked == "an hour passes":
                for repo in repos:
                    fill(repo, NOW - timedelta(minutes=50), max(runs // DAYS // 24, 1), runs)
                continue
            usage = resource.getrusage(resource.RUSAGE_SELF)
            connection.send(usage.ru_utime + usage.ru_stime - before)
            before = usage.ru_utime + usage.ru_stime


def size_of(path: Path) -> float:
    """Return how many gigabytes a file, or a folder with all in it, has."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files) / 2**30


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:]))
