"""Chaos experiments and recovery drills."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from simulate.chance import Chance, sha256
from simulate.fleet import Repository
from simulate.stories import STORIES
from simulate.world import Event, Sent, World, moment, rfc3339

FAULTS = {
    "kill_pod": "one of three replicas",
    "delay_net": "calls to the database",
    "disk_fill": "the volume of the log",
    "cpu_stress": "the busiest node",
}
_THURSDAY = 3
_STEPS = ("announce", "take-down", "restore-backup", "verify-checksums", "switch-traffic")
_RTO = timedelta(hours=1)
_RPO = timedelta(minutes=15)


def events(world: World, repository: Repository, day: date) -> Iterator[Sent]:
    """Yield Thursday's chaos experiments, and the drills of a day."""
    if repository.chaos and day.weekday() == _THURSDAY and world.sends(repository, day):
        draws = world.chance(repository, day, "chaos")
        for place, (fault, target) in enumerate(FAULTS.items()):
            yield _experiment(world, repository, day, place, fault, target, draws)
    yield from _drills(world, repository, day)


def _experiment(
    world: World, repository: Repository, day: date, place: int, fault: str, target: str, draws: Chance
) -> Sent:
    started = moment(day, 14 + place / 3)
    ended = started + timedelta(seconds=draws.about(420))
    outcome = "recovered" if draws.happens(repository.chaos) else draws.choice(["degraded", "failed"])
    # The invalid ones differ from week to week, so that each experiment counts every other time.
    is_odd = (day.toordinal() // 7 + place) % 2 == 1
    if world.tells("invalid_chaos", repository, day) and is_odd:
        outcome = "invalid"
    elif draws.happens(0.02):
        outcome = "aborted"
    is_counted = outcome not in ("invalid", "aborted")
    event: Event = {
        "schema": "chaos_experiment.v1.0",
        "provider": repository.provider,
        "repo": repository.name,
        "experiment": f"{repository.service} survives {fault}",
        "fault": fault,
        "target": target,
        "outcome": outcome,
        "is_deviated": outcome == "failed",
        "is_steady_before": outcome != "invalid",
    }
    if is_counted:
        event["is_steady_after"] = outcome != "failed"
        event["is_rollback_ok"] = True
    event |= {
        "is_dry_run": place == 3 and repository.tier == 0 and draws.happens(0.3),
        "environment": "staging",
        "seed": int(draws.random() * 10**6),
        "rate": 0.3,
        "retries": draws.count(2),
        "started_at": rfc3339(started),
        "ended_at": rfc3339(ended),
        "tool": "chaostoolkit",
        "tool_version": "0.0.0-simulated",
        "activities": _activities(fault, outcome, started, ended),
    }
    return Sent(ended, event)


def _activities(fault: str, outcome: str, started: datetime, ended: datetime) -> list[Event]:
    probe = {"kind": "probe", "name": "users-are-served", "status": "succeeded"}
    activities: list[Event] = [{"phase": "before", **probe, "is_tolerated": outcome != "invalid"}]
    if outcome in ("invalid", "aborted"):
        return activities
    activities.append(
        {
            "phase": "method",
            "kind": "action",
            "name": fault,
            "status": "succeeded",
            "started_at": rfc3339(started),
            "ended_at": rfc3339(ended),
        }
    )
    activities.append({"phase": "during", **probe, "is_tolerated": outcome == "recovered"})
    activities.append({"phase": "after", **probe, "is_tolerated": outcome != "failed"})
    return activities


def _drills(world: World, repository: Repository, day: date) -> Iterator[Sent]:
    """Yield the drills that stories tell of: one that passes every four weeks, and those of a single day."""
    stale = STORIES["stale_drill"]
    held, _ = stale.span(world.until)
    # It is still the last of its kind if it was held before the window began.
    if repository.name == stale.repository and day == max(held, world.first):
        yield from _drill(world, repository, held)
    if world.tells("passed_drill", repository, day):
        begins, _ = STORIES["passed_drill"].span(world.until)
        if (day - begins).days % 28 == 0:
            yield from _drill(world, repository, day)
    if world.tells("failed_drill", repository, day):
        yield from _drill(world, repository, day, slowness=3.6, is_corrupt=True)
    if world.tells("unfinished_drill", repository, day):
        yield from list(_drill(world, repository, day))[:2]


def _drill(
    world: World, repository: Repository, day: date, slowness: float = 1.0, *, is_corrupt: bool = False
) -> Iterator[Sent]:
    """Yield the steps of a drill as they are taken, and then its report."""
    draws = world.chance(repository, day, "drill")
    drill_id = f"simulated-{repository.short}-{day:%Y%m%d}"
    disrupted = moment(day, 9)
    detected = disrupted + timedelta(seconds=draws.about(150))
    steps: list[Event] = []
    at = detected
    for name in _STEPS:
        ended = at + timedelta(seconds=int(draws.about(360) * slowness))
        is_broken = is_corrupt and name == "verify-checksums"
        step = {
            "step": name,
            "started_at": rfc3339(at),
            "ended_at": rfc3339(ended),
            "status": "failure" if is_broken else "success",
        }
        if is_broken:
            step["notes"] = "two tables differ from their manifest"
        steps.append(step)
        lone = {"schema": "dr_drill.v1.0", "repo": repository.name, "drill_id": drill_id, **step}
        yield Sent(ended, lone)
        at = ended
    manifest = sha256(world.seed, drill_id)
    report: Event = {
        "schema": "dr_drill.v1.0",
        "repo": repository.name,
        "drill_id": drill_id,
        "drill": "restore-database",
        "service": repository.service,
        "environment": "recovery",
        "disruption_at": rfc3339(disrupted),
        "detected_at": rfc3339(detected),
        "restored_at": rfc3339(at),
        "last_recoverable_at": rfc3339(disrupted - timedelta(seconds=draws.about(240))),
        "objectives": {"rto_ms": _RTO // timedelta(milliseconds=1), "rpo_ms": _RPO // timedelta(milliseconds=1)},
        "manifest_sha256": manifest,
        "restored_manifest_sha256": sha256(world.seed, drill_id, "corrupt") if is_corrupt else manifest,
        "steps": steps,
        "emitted_at": rfc3339(at + timedelta(minutes=1)),
    }
    yield Sent(at + timedelta(minutes=1), report)
