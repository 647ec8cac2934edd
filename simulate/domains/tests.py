"""Test, coverage and mutation reports of the commits that a repository tests on a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from simulate.chance import chance, sha256
from simulate.fleet import Repository
from simulate.runs import Job, Run, runs_of, tested
from simulate.world import Event, Sent, World, milliseconds, rfc3339

_SUBJECTS = ("order", "price", "stock", "session", "invoice", "address", "voucher", "receipt", "profile", "queue")
_CLAIMS = ("is_kept", "is_refused_when_empty", "survives_a_restart", "is_rounded_once", "expires")
_MUTATORS = ("ConditionalBoundary", "NegateConditional", "ReturnValue", "RemoveCall", "Arithmetic", "StringLiteral")
_TOOLS = {"python": "mutmut", "java": "pitest", "javascript": "stryker", "kotlin": "pitest"}
_FILES = 5
_MUTANTS = 48
_WEDNESDAY, _FRIDAY = 2, 4


def events(world: World, repository: Repository, day: date) -> Iterator[Sent]:
    """Yield the reports of a day: tests daily, coverage of the last commit, mutants on Wednesdays."""
    reported = tuple(tested(runs_of(world, repository, day)))
    for run in reported:
        job = run.job("test")
        if job and job.started and job.completed:
            yield Sent(job.completed, _test_report(repository, run, job))
    newest = [run for run in reported if run.trigger.workflow == "ci"][-1:]
    for run in newest:
        yield Sent(run.ended + timedelta(seconds=30), _coverage_report(world, repository, day, run))
        if day.weekday() == _WEDNESDAY:
            yield Sent(run.ended + timedelta(minutes=40), _mutation_run(world, repository, day, run, "full", _MUTANTS))
        if day.weekday() == _FRIDAY and repository.tier == 0:
            yield Sent(run.ended + timedelta(minutes=9), _mutation_run(world, repository, day, run, "diff", 12))


def suite_totals(repository: Repository, run: Run) -> dict[str, Any]:
    """Return the totals of a run's tests, as its pipeline counts them; nothing if they were not run."""
    job = run.job("test")
    if run.trigger.deployment or job is None or job.started is None or job.completed is None:
        return {}
    return {
        "total": repository.tests,
        "failed": len(run.failed),
        "skipped": 1,
        "duration_ms": milliseconds(job.started, job.completed),
    }


def mutation_score(world: World, repository: Repository, day: date) -> float:
    """Return the share of mutants that a repository's tests notice on a day, as it really is."""
    if not world.tells("hollow_tests", repository, day):
        return repository.mutation
    return max(0.45, repository.mutation - 0.005 * (80 - (world.until - day).days))


def mutation_totals(score: float, mutants: int) -> Event:
    """Return the totals that pipeline_run.v1.2 asks for, with its own score: killed / (mutants - equivalents)."""
    equivalent = mutants // 20
    timeout = mutants // 40
    killed = round(score * (mutants - equivalent)) - timeout
    return {
        "mutants_total": mutants,
        "killed": killed,
        "equiv": equivalent,
        "timeout": timeout,
        "score": round(killed / (mutants - equivalent), 4),
    }


def _context(repository: Repository, run: Run, job: str) -> Event:
    fields: Event = {"repo": repository.name, "run_id": run.id, "commit_sha": run.trigger.commit, "job": job}
    if repository.emits_attempts:
        fields |= {"provider": repository.provider, "run_attempt": run.attempt}
    return fields


@lru_cache(maxsize=64)
def _cases(count: int) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"tests.test_{_SUBJECTS[place % 10]}", f"test_{_SUBJECTS[place % 10]}_{_CLAIMS[place // 10]}")
        for place in range(count)
    )


def _test_report(repository: Repository, run: Run, job: Job) -> Event:
    assert job.started and job.completed, "a job that ran has both times"  # noqa: PT018 - one fact
    draws = chance(repository.name, run.id, run.attempt, "cases")
    cases: list[Event] = []
    for place, (module, name) in enumerate(_cases(repository.tests)):
        case: Event = {"class_name": module, "name": name, "outcome": "passed", "duration_ms": draws.about(40)}
        if place in run.failed:
            case["outcome"] = "failed"
            case["failure_type"] = "AssertionError"
            case["failure_fingerprint"] = sha256(repository.name, name)
        elif place in run.retried:
            case["attempts"] = 2
        elif place == repository.tests - 1:
            case = {"class_name": module, "name": name, "outcome": "skipped"}
        cases.append(case)
    return {
        "schema": "test_report.v1.0",
        **_context(repository, run, "test"),
        "suite": "unit",
        "started_at": rfc3339(job.started),
        "duration_ms": milliseconds(job.started, job.completed),
        "reported_test_count": repository.tests,
        "reported_failed_test_count": len(run.failed),
        "reported_skipped_test_count": 1,
        "cases": cases,
    }


def _coverage_report(world: World, repository: Repository, day: date, run: Run) -> Event:
    draws = world.chance(repository, day, "coverage")
    files = []
    for place in range(_FILES):
        lines = 140 + 35 * place
        ratio = min(0.995, repository.coverage + draws.uniform(-0.02, 0.02))
        branches = lines // 4
        files.append(
            {
                "path": f"src/{_SUBJECTS[place]}.{repository.language}",
                "lines_valid": lines,
                "lines_covered": round(lines * ratio),
                "branches_valid": branches,
                "branches_covered": round(branches * ratio * 0.92),
            }
        )
    return {
        "schema": "coverage_report.v1.0",
        **_context(repository, run, "test"),
        "target": repository.short,
        "tool": "simulated-coverage",
        "generated_at": rfc3339(run.ended),
        "files": files,
    }


def _mutation_run(world: World, repository: Repository, day: date, run: Run, scope: str, mutants: int) -> Event:
    draws = world.chance(repository, day, f"mutants {scope}")
    score = mutation_score(world, repository, day)
    listed: list[Event] = []
    for place in range(mutants):
        mutant: Event = {
            "id": str(place + 1),
            "file": f"src/{_SUBJECTS[place % _FILES]}.{repository.language}",
            "line": 1 + int(draws.random() * 140),
            "mutator": _MUTATORS[place % len(_MUTATORS)],
        }
        roll = draws.random()
        if place % 24 == 23:
            mutant |= {
                "status": "survived",
                "is_equivalent": True,
                "status_reason": "the order of the two calls cannot be observed",
            }
        elif place % 24 == 22:
            mutant["status"] = "compile_error"
        elif roll < score:
            mutant["status"] = "timeout" if roll < 0.03 else "killed"
            if mutant["status"] == "killed":
                mutant["killed_by"] = [_cases(repository.tests)[place % (repository.tests - 1)][1]]
        else:
            # What no test even runs is the share that line coverage knows of.
            is_unseen = draws.happens(min(1.0, (1 - repository.coverage) / (1 - score)))
            mutant["status"] = "no_coverage" if is_unseen else "survived"
        listed.append(mutant)
    generated = run.ended + timedelta(minutes=8)
    return {
        "schema": "mutation_run.v1.0",
        **_context(repository, run, "mutation"),
        "branch": run.trigger.branch,
        "tool": _TOOLS[repository.language],
        "tool_version": "0.0.0-simulated",
        "target": repository.short,
        "generated_at": rfc3339(generated),
        "threshold": 0.6,
        "scope": scope,
        "mutants": listed,
    }
