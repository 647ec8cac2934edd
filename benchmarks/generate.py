"""Pipeline runs to measure with: `python benchmarks/generate.py COUNT FILE`, about 3 KB each, always the same."""

from __future__ import annotations

import hashlib
import random
import sys
import uuid
from pathlib import Path

import orjson

START = 1_767_225_600  # 2026-01-01, in seconds


def run(number: int) -> bytes:
    """Return one valid pipeline_run.v1.2 as a line of JSON."""
    chance = random.Random(number)
    commit = hashlib.sha1(str(number // 3).encode()).hexdigest()
    jobs = [job(chance, number, place) for place in range(6)]
    failed = chance.random() < 0.1
    total = chance.randint(200, 900)
    mutants = chance.randint(50, 400)
    killed = int(mutants * chance.uniform(0.6, 0.9))
    event = {
        "schema": "pipeline_run.v1.2",
        "run_id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "repo": f"acme/service-{number % 40}",
        "commit_sha": commit,
        "branch": "main" if chance.random() < 0.4 else f"feature/{number % 997}",
        "pr": None if chance.random() < 0.4 else number % 5000 + 1,
        "started_at": moment(number * 60),
        "ended_at": moment(number * 60 + chance.randint(60, 2400)),
        "status": "failed" if failed else "success",
        "queue_ms": chance.randint(0, 90_000),
        "artifact_bytes": chance.randint(10_000, 900_000_000),
        "environment": chance.choice(["preview", "dev", "staging", "prod"]),
        "image_digest": "sha256:" + hashlib.sha256(commit.encode()).hexdigest(),
        "sbom_uri": f"https://evidence.example.org/{commit}/sbom.json",
        "provenance_uri": f"https://evidence.example.org/{commit}/provenance.json",
        "runner_os": "linux",
        "runner_type": chance.choice(["hosted", "self-hosted"]),
        "region": chance.choice(["eu-west-1", "us-east-1"]),
        "spot": chance.random() < 0.3,
        "carbon_g_co2e": round(chance.uniform(1, 90), 3),
        "energy": {"kwh": round(chance.uniform(0.01, 0.4), 4)},
        "cache_keys": [f"deps-{commit[:10]}", f"build-{commit[10:20]}"],
        "jobs": jobs,
        "tests": {
            "total": total,
            "failed": 3 if failed else 0,
            "skipped": chance.randint(0, 20),
            "duration_ms": chance.randint(10_000, 900_000),
            "coverage": {"lines_pct": 0.83, "branches_pct": 0.71, "statements_pct": 0.82},
            "resilience": {
                "mutants_total": mutants,
                "killed": killed,
                "equiv": 0,
                "timeout": 1,
                "score": round(killed / mutants, 4),
            },
        },
        "policies": [{"id": "signed-image", "result": "allow"}, {"id": "no-latest-tag", "result": "allow"}],
        "cost": {"usd": round(chance.uniform(0.01, 4), 4), "cpu_seconds": float(chance.randint(60, 9000))},
    }
    return orjson.dumps(event)


def job(chance: random.Random, number: int, place: int) -> dict[str, object]:
    """Return one job of a run."""
    return {
        "id": f"{number}-{place}",
        "name": f"build / test (linux, python 3.{place + 8})",
        "status": "success",
        "attempt": 1,
        "duration_ms": chance.randint(1000, 900_000),
        "queue_ms": chance.randint(0, 60_000),
        "cache": {"hit": chance.random() < 0.8, "key": f"deps-{number % 97}"},
        "machine": {"class": "standard-4", "cpu": "4", "ram_gb": 16},
        "matrix": {"python": f"3.{place + 8}", "os": "linux"},
        "logs_uri": f"https://ci.example.org/runs/{number}/jobs/{place}/logs",
    }


def moment(seconds: int) -> str:
    """Return a moment of 2026 as RFC 3339."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(START + seconds % 25_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    count, path = int(sys.argv[1]), Path(sys.argv[2])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for number in range(count):
            file.write(run(number) + b"\n")
