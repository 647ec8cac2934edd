"""The pipeline runs of a repository's day: attempts, jobs, and what broke."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from simulate.chance import Chance, commit, identifier, number
from simulate.chance import chance as chance_of
from simulate.delivery import Deployment, delivered
from simulate.fleet import Repository
from simulate.world import World, moment

FLAKY_CASES = (2, 9, 15)
DEPLOY_JOBS = {"deploy": 160, "smoke-test": 70}
MAIN = "main"


@dataclass(frozen=True)
class Job:
    """One job of an attempt; one that was skipped, or canceled in its queue, neither starts nor ends."""

    name: str
    status: str
    queued: datetime
    started: datetime | None
    completed: datetime | None
    is_cache_hit: bool


@dataclass(frozen=True)
class Trigger:
    """What made a run: a push, a schedule, a deployment."""

    event: str
    workflow: str
    branch: str
    commit: str
    at: datetime
    is_bot: bool
    pull_request: int | None = None
    deployment: Deployment | None = None
    replaced_at: datetime | None = None

    @property
    def is_main(self) -> bool:
        """Whether it is of the default branch."""
        return self.branch == MAIN


@dataclass(frozen=True)
class Run:
    """One attempt of one run. `failed` and `retried` are the tests that failed, or passed at the second try."""

    id: str
    number: int
    attempt: int
    trigger: Trigger
    started: datetime
    ended: datetime
    status: str
    jobs: tuple[Job, ...]
    failed: tuple[int, ...]
    retried: tuple[int, ...]
    changed_files: int

    def job(self, name: str) -> Job | None:
        """Return the job of a name, if it ran to its end."""
        return next((job for job in self.jobs if job.name == name and job.status in ("success", "failed")), None)


@lru_cache(maxsize=4096)
def runs_of(world: World, repository: Repository, day: date) -> tuple[Run, ...]:
    """Return every attempt of every run that a repository starts on a day."""
    if not world.sends(repository, day):
        return ()
    runs: list[Run] = []
    for place, trigger in enumerate(_triggers(world, repository, day)):
        runs += _attempts(world, repository, day, place, trigger)
    return tuple(runs)


def tested(runs: tuple[Run, ...]) -> Iterator[Run]:
    """
    Yield the runs of a day whose test reports are kept: all attempts of the last push to the default branch
    and of the nightly run, which tests the same commit again.
    """
    for workflow in ("ci", "nightly"):
        last = [run for run in runs if run.trigger.workflow == workflow and run.trigger.is_main][-1:]
        for newest in last:
            yield from (run for run in runs if run.id == newest.id and run.job("test"))


def _triggers(world: World, repository: Repository, day: date) -> Iterator[Trigger]:
    chance = world.chance(repository, day, "triggers")
    delivery = delivered(world, repository, day)
    is_working_day = day.weekday() < 5
    head = None
    mains = [(artifact.commit, artifact.built - timedelta(minutes=12)) for artifact in delivery.artifacts]
    if is_working_day:
        late = moment(day, chance.uniform(17.6, 18.4))
        mains.append((commit(world.seed, repository.name, day, "main"), late))
    for sha, at in sorted(mains, key=lambda main: main[1]):
        head = sha
        yield Trigger("push", "ci", MAIN, sha, at, chance.happens(repository.bots))
    yield from _pull_requests(world, repository, day, chance, repository.pushes * (1 if is_working_day else 0.12))
    for deployment in delivery.deployments:
        if deployment.is_production:
            event = "workflow_dispatch" if deployment.fixes else "push"
            yield Trigger(
                event,
                "deploy",
                MAIN,
                deployment.artifact.commit,
                deployment.started,
                deployment.is_bot,
                deployment=deployment,
            )
    if head is not None:
        yield Trigger("schedule", "nightly", MAIN, head, moment(day, 21.25), is_bot=False)


def _pull_requests(world: World, repository: Repository, day: date, chance: Chance, mean: float) -> Iterator[Trigger]:
    for place in range(chance.count(mean)):
        number_of_day = (day.toordinal() - date(2020, 1, 1).toordinal()) * 20 + place
        is_bot = chance.happens(repository.bots)
        branch = f"{'bot/update' if is_bot else 'change'}-{number_of_day}"
        sha = commit(world.seed, repository.name, day, "change", place)
        at = moment(day, chance.triangular(6.5, 19, 11))
        first = Trigger("pull_request", "ci", branch, sha, at, is_bot, number_of_day)
        if not chance.happens(repository.superseded):
            yield first
            continue
        soon = at + timedelta(seconds=chance.about(150))
        yield replace(first, replaced_at=soon)
        yield replace(first, commit=commit(world.seed, repository.name, day, "change", place, "again"), at=soon)


def _attempts(world: World, repository: Repository, day: date, place: int, trigger: Trigger) -> Iterator[Run]:
    chance = world.chance(repository, day, f"run {place}")
    names = DEPLOY_JOBS if trigger.deployment else repository.jobs
    run_id = _run_id(world, repository, day, place, trigger)
    # What was deployed had passed, in the end.
    must_pass = trigger.commit in {artifact.commit for artifact in delivered(world, repository, day).artifacts}
    at = trigger.at
    changed_files = chance.count(9) + 1
    for attempt in (1, 2, 3):
        fate = _fate(world, repository, day, trigger, attempt, must_pass, chance)
        jobs = _jobs(world, repository, day, names, at, trigger.replaced_at, fate, chance)
        started = min((job.started for job in jobs if job.started), default=at)
        ended = max((job.completed for job in jobs if job.completed), default=trigger.replaced_at or at)
        yield Run(
            run_id,
            day.toordinal() * 40 + place,
            attempt,
            trigger,
            started,
            ended,
            fate.status,
            jobs,
            fate.failed,
            fate.retried,
            changed_files,
        )
        is_final = fate.status not in ("failed", "timed_out") or trigger.deployment is not None
        if is_final or not repository.emits_attempts or attempt == 3:
            return
        is_annoying = _is_flaky(world, repository, day, trigger) or must_pass
        if not (is_annoying or chance.happens(0.25)):
            return
        at = ended + timedelta(seconds=chance.about(420))


def _run_id(world: World, repository: Repository, day: date, place: int, trigger: Trigger) -> str:
    if repository.contract == "v1.2":
        return identifier(world.seed, repository.name, day, "run", place)
    if trigger.deployment:
        return trigger.deployment.run
    return str(number(world.seed, repository.name, day, "run", place))


def _is_flaky(world: World, repository: Repository, day: date, trigger: Trigger) -> bool:
    stories = ("flaky_suite", "recovered_by_rerun")
    return trigger.deployment is None and any(world.tells(story, repository, day) for story in stories)


class _Fate(NamedTuple):
    """How an attempt ends, at which job it breaks, and which tests failed, or passed when tried again."""

    status: str
    broken: str | None = None
    failed: tuple[int, ...] = ()
    retried: tuple[int, ...] = ()


def _fate(
    world: World, repository: Repository, day: date, trigger: Trigger, attempt: int, must_pass: bool, chance: Chance
) -> _Fate:
    if trigger.replaced_at:
        return _Fate("canceled")
    if trigger.deployment is not None:
        return _Fate("failed", "deploy") if trigger.deployment.status == "failed" else _Fate("success")
    fault = None if must_pass else _fault_of(repository, trigger.commit)
    if world.tells("flaky_suite", repository, day) and not (must_pass and attempt == 3):
        flaky = {case for case in FLAKY_CASES if chance.happens(0.14)}
        if flaky and (fault is None or fault.broken == "test"):
            return _Fate("failed", "test", tuple(sorted(flaky.union(fault.failed if fault else ()))))
    if attempt == 1 and repository.emits_attempts and chance.happens(repository.rerun_failure):
        return _Fate("failed", "build")
    if not must_pass and repository.emits_attempts and chance.happens(0.006):
        return _Fate("timed_out", "test")
    return fault or _Fate("success", retried=(5,) if chance.happens(0.02) else ())


def _fault_of(repository: Repository, sha: str) -> _Fate | None:
    """Return at which job a commit breaks, and which of its tests fail: the same each time it is run."""
    draws = chance_of(repository.name, sha, "fault")
    if not draws.happens(repository.run_failure):
        return None
    if draws.happens(0.35):
        return _Fate("failed", "lint")
    cases = {int(draws.random() * (repository.tests - 1)) for _ in range(1 + draws.count(1))}
    return _Fate("failed", "test", tuple(sorted(cases)))


def _jobs(
    world: World,
    repository: Repository,
    day: date,
    names: dict[str, int],
    at: datetime,
    cut: datetime | None,
    fate: _Fate,
    chance: Chance,
) -> tuple[Job, ...]:
    """Return the jobs of an attempt, one after the other; those behind the broken one, or the cut, do not run."""
    jobs: list[Job] = []
    queued = at
    is_over = False
    for name, seconds in names.items():
        if is_over:
            jobs.append(Job(name, "canceled" if cut else "skipped", queued, None, None, is_cache_hit=False))
            continue
        waits = chance.about(1000 * repository.runner.queue_seconds * _rush(repository, queued))
        started = queued + timedelta(milliseconds=waits)
        is_cache_hit = chance.happens(0.8)
        if cut and started >= cut:
            is_over = True
            jobs.append(Job(name, "canceled", queued, None, None, is_cache_hit=False))
            continue
        slowed = 1.7 if name == "build" and world.tells("slow_build", repository, day) else 1.0
        lasts = chance.about(1000 * seconds * slowed) * (1.0 if is_cache_hit or name != "build" else 1.9)
        verdict = "success"
        if name == fate.broken:
            is_over, verdict = True, fate.status
            lasts *= 6 if verdict == "timed_out" else 0.7
        completed = started + timedelta(milliseconds=int(lasts))
        if cut and completed >= cut:
            is_over, verdict, completed = True, "canceled", cut
        jobs.append(Job(name, verdict, queued, started, completed, is_cache_hit))
        queued = completed
    return tuple(jobs)


def _rush(repository: Repository, queued: datetime) -> int:
    """Return how many times longer one waits at the hours when everybody pushes to a few machines."""
    return 4 if repository.runner.os == "macos" and queued.hour in (10, 11) else 1
