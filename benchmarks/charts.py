"""
How long a chart takes at a million runs: `python benchmarks/charts.py`, part of `make bench`.

Publishes the warehouse that `benchmarks/building.py` left, serves it with Superset from nothing, and asks for every
chart over the API, uncached: those over time for the 30 days before the newest, the others for what they always show.
Once by one user, chart after chart, and once by ten at the same time. The database's own share is the same SQL, run
directly on the same file, connection included. Nothing here passes or fails.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from dashboards.assets import Chart, read_assets
from dashboards.bundle import bundle
from dashboards.client import Client, Credentials
from dashboards.publish import publish
from dashboards.query_context import query_context
from dashboards.server.local import Superset, stop

ROOT = Path(__file__).parent.parent
BUILT = ROOT / ".cache" / "bench" / "building" / "1000000" / "hub.duckdb"
CACHE = ROOT / ".cache" / "bench" / "dashboards"
PYTHON = ROOT / ".cache" / "superset" / "venv" / "bin" / "python"
PORT = 8099
ROUNDS = 5
USERS = 10
DAYS = 30


@dataclass(frozen=True)
class Question:
    """What is asked for one chart."""

    name: str
    context: dict[str, Any]


def main(warehouse: Path = BUILT) -> None:
    """Measure, and print what came out."""
    if not warehouse.exists():
        sys.exit(f"{warehouse} is not there: python benchmarks/building.py 1000000 makes it")
    shutil.rmtree(CACHE, ignore_errors=True)
    published = CACHE / "hub.duckdb"
    begun = time.monotonic()
    done = publish(warehouse, published, lock_timeout=60)
    print(
        f"published {sum(done.rows.values()):,} rows, {done.size_bytes / 1e6:,.0f} MB: {time.monotonic() - begun:.1f} s"
    )
    superset = Superset(CACHE / "superset", PYTHON, PORT)
    begun = time.monotonic()
    passwords = superset.provision(bundle(f"duckdb:///{published}"))
    process = superset.start()
    print(f"Superset from nothing: {time.monotonic() - begun:.1f} s", flush=True)
    try:
        measure(superset.address, Credentials("executive", passwords["executive"]), published, process.pid)
    finally:
        stop(process)


def measure(address: str, who: Credentials, published: Path, pid: int) -> None:
    """Ask for all charts as one user and as many, and run their SQL directly."""
    with Client(address, who) as client:
        asked = questions(client, published)
        charts = len(read_assets().charts)
        print(f"{len(asked)} of {charts} charts (the others' marts are not in this warehouse), {DAYS} days")
        statements = [ask(client, question)[1] for question in asked]
        before = cpu_seconds(pid)
        alone = [ask(client, question)[0] for _ in range(ROUNDS) for question in asked]
        each = (cpu_seconds(pid) - before) / len(alone)
    report("one user", alone)
    print(f"    of CPU, Superset and database together: {each * 1000:.0f} ms a chart")
    report(f"{USERS} users", together(address, who, asked))
    report("the database alone", [directly(published, sql) for _ in range(ROUNDS) for sql in statements])


def questions(client: Client, published: Path) -> list[Question]:
    """Return a question for each chart whose mart is there."""
    assets = read_assets()
    numbers = {
        json.loads(row["params"])["hub_chart"]: json.loads(row["params"])["datasource"]
        for row in client.list("chart", ("id", "uuid", "params"))
    }
    with duckdb.connect(str(published), read_only=True) as marts:
        there = {name for (name,) in marts.execute("select table_name from information_schema.tables").fetchall()}
        [(newest,)] = marts.execute("select max(started_date) from marts.run_health").fetchall()
    return [
        Question(chart.name, _context(chart, numbers[chart.name], newest))
        for chart in assets.charts
        if chart.dataset in there
    ]


def _context(chart: Chart, datasource: str, newest: date) -> dict[str, Any]:
    context: dict[str, Any] = json.loads(query_context(chart))
    context["datasource"] = {"id": int(datasource.partition("__")[0]), "type": "table"}
    context["force"] = True
    for query in context["queries"]:
        for each in query["filters"]:
            if each["op"] == "TEMPORAL_RANGE":
                each["val"] = f"{newest - timedelta(days=DAYS)} : {newest}"
    return context


def ask(client: Client, question: Question) -> tuple[float, str]:
    """Return how long an answer took, and the SQL that was run for it."""
    begun = time.perf_counter()
    response = client.response("POST", "/api/v1/chart/data", json=question.context)
    seconds = time.perf_counter() - begun
    if response.status_code != 200:
        raise RuntimeError(f"{question.name}: {response.status_code}: {response.text[:500]}")
    return seconds, str(response.json()["result"][0]["query"])


def together(address: str, who: Credentials, asked: Sequence[Question]) -> list[float]:
    """Return how long each answer took with all users asking at the same time, each in an order of its own."""
    taken: list[float] = []

    def use(number: int) -> None:
        with Client(address, who) as client:
            for question in random.Random(number).sample(asked, len(asked)):
                taken.append(ask(client, question)[0])

    users = [threading.Thread(target=use, args=(number,)) for number in range(USERS)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    return taken


def directly(published: Path, sql: str) -> float:
    """Return how long the database takes for a statement, from connecting to the last row."""
    begun = time.perf_counter()
    with duckdb.connect(str(published), read_only=True, config={"threads": 2, "memory_limit": "1GB"}) as connection:
        connection.execute(sql).fetchall()
    return time.perf_counter() - begun


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of Superset so far, which say what a chart costs however busy the machine is."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if pid in (int(stat.parent.name), int(fields[1])):
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def report(name: str, seconds: Sequence[float]) -> None:
    """Print the median and the 95th percentile."""
    ordered = sorted(seconds)
    last = ordered[int(len(ordered) * 0.95)]
    print(
        f"  {name}: P50 {statistics.median(ordered) * 1000:.0f} ms, P95 {last * 1000:.0f} ms (n={len(ordered)})",
        flush=True,
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
