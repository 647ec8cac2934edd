"""
Random histories of a small fleet in which everything touches everything: a few repositories, commits and days.

What senders do that moves rows between days, changes rows that nobody sent anew, or takes rows away,
is a case of its own; `seen` counts them. Each delivery is one file; loads commit in an order of their own.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fixture_events

Event = dict[str, Any]
FIRST_DAY = datetime(2025, 12, 1, tzinfo=UTC)
FIRST_DELIVERY = datetime(2026, 5, 1, tzinfo=UTC)
DAYS = 120
"""Over which runs are spread: few enough events a day that a day is seldom made anew by chance."""
WORDS = ("success", "success", "failed", "canceled", "timed_out", "running")

CASES = (
    "new run",
    "other evidence",
    "late day",
    "moved to another day",
    "emptied day",
    "corrected in place",
    "re-attempt on another day",
    "withdrawn jobs",
    "jobs apart from their run",
    "job before its run",
    "told by the provider too",
    "possible duplicate of a run of another day",
    "incident weeks late",
    "catalogue edit",
    "replayed file",
    "out of order",
    "seed edit",
    "price edit",
    "reload",
    "reload that rejects what was good",
)


@dataclass(frozen=True)
class Delivery:
    """One file, when its loading starts, and when it is committed."""

    path: Path
    starts_at: datetime
    commits_at: datetime


@dataclass
class Run:
    """The newest version of an attempt, as its pipeline tells it."""

    event: Event
    is_told_by_provider: bool = False

    @property
    def day(self) -> str:
        """The day on which it starts."""
        return str(self.event["started_at"])[:10]


@dataclass
class MartHistory:
    """What happens, delivery by delivery."""

    seed: int
    folder: Path
    seen: Counter[str] = field(default_factory=Counter)
    _runs: list[Run] = field(default_factory=list)
    _files: list[Path] = field(default_factory=list)
    _clock: datetime = FIRST_DELIVERY
    _count: int = 0
    _is_late: bool = False

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def deliveries(self, count: int) -> Iterator[Delivery]:
        """Yield files; hours lie between their commits, so that a build has only the newest to look at."""
        for number in range(count):
            self._is_late = number > count // 3
            self._clock += timedelta(hours=self._chance.randint(2, 40))
            starts_at = self._clock - timedelta(minutes=3)
            if number > 2 and (not self.seen["out of order"] or self._chance.random() < 0.25):
                self.seen["out of order"] += 1
                starts_at -= timedelta(days=self._chance.randint(1, 9))
            if 4 < number < count - 1 and (not self.seen["replayed file"] or self._chance.random() < 0.1):
                self.seen["replayed file"] += 1
                yield Delivery(self._chance.choice(self._files), starts_at, self._clock)
                continue
            events = [self._event() for _ in range(self._chance.randint(3, 8))]
            if number == count - 1:
                # At last, only what changes rows of days that it does not name.
                events = [self._duplicate(), self._duplicate(), self._attempted_again(), self._moved()]
            of_provider = [event for event in events if "url" in event]
            of_pipelines = [event for event in events if "url" not in event]
            for name, content in (("json", of_provider), ("ndjson", of_pipelines)):
                if content:
                    yield Delivery(self._written(f"{number:03}.{name}", content), starts_at, self._clock)

    def _written(self, name: str, events: list[Event]) -> Path:
        path = self.folder / name
        lines = [json.dumps(event) for event in events]
        path.write_text(f"[{','.join(lines)}]" if path.suffix == ".json" else "".join(line + "\n" for line in lines))
        self._files.append(path)
        return path

    def _event(self) -> Event:
        if len(self._runs) < 6:
            return self._new_run()
        makers: dict[str, Callable[[], Event]] = {
            "new run": self._new_run,
            "other evidence": self._other,
            "late day": self._late_day,
            "moved to another day": self._moved,
            "emptied day": self._emptied_day,
            "corrected in place": self._corrected,
            "re-attempt on another day": self._attempted_again,
            "withdrawn jobs": self._withdrawn,
            "jobs apart from their run": self._lone_job,
            "job before its run": self._orphan,
            "told by the provider too": self._told_by_provider,
            "possible duplicate of a run of another day": self._duplicate,
            "incident weeks late": self._late_incident,
            "catalogue edit": self._catalogue_entry,
        }
        if self._is_late:
            # Another owner makes all runs anew, and would hide whatever else went wrong.
            del makers["catalogue edit"]
        unseen = [case for case in makers if not self.seen[case]]
        # What was not seen yet comes first; then new runs, without which there is nothing to correct.
        chosen = (
            self._chance.choice(unseen)
            if unseen
            else self._chance.choice([*makers, "new run", "new run", "other evidence"])
        )
        return makers[chosen]()

    def _new_run(self, case: str = "new run", **fields: Any) -> Event:
        self.seen[case] += 1
        self._count += 1
        started_at = FIRST_DAY + timedelta(minutes=self._chance.randint(0, DAYS * 24 * 60))
        provider = self._chance.choice(["github", "github", "hub"])
        event = {
            **fixture_events.least("pipeline_run", "v1.3"),
            "provider": provider,
            "repo": self._chance.choice(["acme/shop", "acme/cart", "simulated/shop"]),
            "run_id": str(1000 + self._count),
            "workflow": self._chance.choice(["ci", "release"]),
            "branch": self._chance.choice(["main", "feature"]),
            "commit_sha": _commit(self._chance.randint(0, 9)),
            "jobs": [self._job(place, started_at) for place in range(self._chance.randint(0, 3))],
            "emitted_at": _text(self._clock),
            **fields,
        }
        self._runs.append(Run(self._timed(event, started_at)))
        return self._runs[-1].event

    def _timed(self, event: Event, started_at: datetime) -> Event:
        """Give a run its times and its end."""
        status = self._chance.choice(WORDS)
        if self._chance.random() < 0.2:
            event = {**event, "status_original": self._chance.choice(["completed/success", "exploded"])}
            status = "unknown"
        ended = {} if status == "running" else {"ended_at": _text(started_at + timedelta(minutes=9))}
        without_end = {name: value for name, value in event.items() if name != "ended_at"}
        return {**without_end, "status": status, "started_at": _text(started_at), **ended}

    def _job(self, place: int, run_started_at: datetime) -> Event:
        """A job of a run; some know when they were queued, which may be on another day than the run's."""
        status = self._chance.choice(["success", "success", "failed", "running"])
        waited = self._chance.randint(0, 9000)
        queued_at = run_started_at - timedelta(hours=self._chance.randint(-30, 30))
        started_at = queued_at + timedelta(milliseconds=waited)
        completed_at = started_at + timedelta(milliseconds=waited * 7)
        times = {"queued_at": queued_at, "started_at": started_at, "completed_at": completed_at}
        return {
            "id": f"j{place}",
            "name": "build",
            "status": status,
            "duration_ms": waited * 7,
            "queue_ms": waited,
            "cache": {"hit": self._chance.random() < 0.5},
            "runner_label": self._chance.choice(["ubuntu-latest", "a-label-without-a-price"]),
            **({name: _text(moment) for name, moment in times.items()} if self._chance.random() < 0.5 else {}),
        }

    def _version(self, run: Run, case: str, event: Event) -> Event:
        self.seen[case] += 1
        run.event = {**event, "emitted_at": _text(self._clock)}
        return run.event

    def _late_day(self) -> Event:
        early = FIRST_DAY - timedelta(days=self._chance.randint(1, 30))
        event = self._new_run("late day")
        self._runs[-1].event = self._timed(event, early)
        return self._runs[-1].event

    def _moved(self) -> Event:
        run = self._chance.choice(self._runs)
        started_at = datetime.fromisoformat(run.event["started_at"]) - timedelta(days=self._chance.randint(1, 9))
        return self._version(run, "moved to another day", self._timed(run.event, started_at))

    def _emptied_day(self) -> Event:
        """Move the only run of a day to the day of another run."""
        days = Counter(run.day for run in self._runs)
        alone = [run for run in self._runs if days[run.day] == 1]
        if not alone:
            return self._late_day()
        run, other = self._chance.choice(alone), self._chance.choice(self._runs)
        if run.day == other.day:
            return self._corrected()
        started_at = datetime.fromisoformat(other.event["started_at"])
        return self._version(run, "emptied day", self._timed(run.event, started_at))

    def _corrected(self) -> Event:
        run = self._chance.choice(self._runs)
        event = self._timed(run.event, datetime.fromisoformat(run.event["started_at"]))
        return self._version(run, "corrected in place", {**event, "commit_sha": _commit(self._chance.randint(0, 9))})

    def _attempted_again(self) -> Event:
        earlier = self._chance.choice(self._runs)
        started_at = datetime.fromisoformat(earlier.event["started_at"]) + timedelta(days=self._chance.randint(1, 5))
        attempt = max(
            run.event.get("run_attempt", 1) for run in self._runs if run.event["run_id"] == earlier.event["run_id"]
        )
        self._runs.append(Run({**earlier.event, "run_attempt": attempt + 1}))
        event = self._timed(self._runs[-1].event, started_at)
        return self._version(self._runs[-1], "re-attempt on another day", event)

    def _withdrawn(self) -> Event:
        with_jobs = [run for run in self._runs if run.event["jobs"]]
        if not with_jobs:
            return self._new_run()
        run = self._chance.choice(with_jobs)
        return self._version(run, "withdrawn jobs", {**run.event, "jobs": run.event["jobs"][:-1]})

    def _lone_job(self) -> Event:
        run = self._chance.choice(self._runs).event
        self.seen["jobs apart from their run"] += 1
        started_at = datetime.fromisoformat(run["started_at"]) + timedelta(hours=self._chance.randint(-30, 30))
        return self._job_apart(run, started_at)

    def _orphan(self) -> Event:
        """A job of a run that comes later, or never."""
        run = self._new_run()
        self.seen["job before its run"] += 1
        if self._chance.random() < 0.5:
            self._runs.pop()
        return self._job_apart(run, FIRST_DAY + timedelta(days=self._chance.randint(0, 9)))

    def _job_apart(self, run: Event, started_at: datetime) -> Event:
        names = ("provider", "repo", "run_id", "run_attempt")
        times = {"queued_at": _text(started_at - timedelta(minutes=2)), "started_at": _text(started_at)}
        return {
            **fixture_events.least("pipeline_job", "v1.0"),
            **{name: run[name] for name in names if name in run},
            "job_id": self._chance.choice(["71", "72"]),
            "status": self._chance.choice(["success", "failed"]),
            "emitted_at": _text(self._clock),
            **(times if self._chance.random() < 0.8 else {}),
        }

    def _told_by_provider(self) -> Event:
        of_provider = [run for run in self._runs if run.event["provider"] == "github"]
        if not of_provider:
            return self._new_run()
        run = self._chance.choice(of_provider)
        self.seen["told by the provider too"] += 1
        event = run.event
        started_at = datetime.fromisoformat(event["started_at"]) + timedelta(hours=self._chance.randint(-20, 20))
        is_over = self._chance.random() < 0.7
        return {
            "url": f"https://api.github.com/repos/{event['repo']}/actions/runs/{event['run_id']}",
            "id": int(event["run_id"]),
            "run_attempt": event.get("run_attempt", 1),
            "name": event["workflow"],
            "head_sha": event["commit_sha"],
            "head_branch": event["branch"],
            "status": "completed" if is_over else "in_progress",
            "conclusion": self._chance.choice(["success", "failure"]) if is_over else None,
            "run_started_at": _text(started_at),
            "updated_at": _text(started_at + timedelta(minutes=self._chance.randint(1, 90))),
        }

    def _duplicate(self) -> Event:
        """A run of another day that is still going, of the same commit as one that its pipeline reported."""
        of_hub = [run for run in self._runs if run.event["provider"] == "hub"]
        if not of_hub:
            return self._new_run(provider="hub")
        hub_run = self._chance.choice(of_hub).event
        event = self._new_run(
            "possible duplicate of a run of another day",
            provider="github",
            repo=hub_run["repo"],
            commit_sha=hub_run["commit_sha"],
        )
        started_at = datetime.fromisoformat(hub_run["started_at"]) - timedelta(days=self._chance.randint(1, 4))
        going = {name: value for name, value in event.items() if name not in ("ended_at", "status_original")}
        self._runs[-1].event = {**going, "status": "running", "started_at": _text(started_at)}
        return self._runs[-1].event

    def _other(self) -> Event:
        self.seen["other evidence"] += 1
        make = self._chance.choice([self._deployment, self._deployment, _test_report, _verification, _drill_step])
        return make(str(self._chance.randint(0, 20)), self._chance)

    def _deployment(self, name: str, chance: random.Random) -> Event:
        started_at = FIRST_DAY + timedelta(minutes=chance.randint(0, 14 * 24 * 60))
        return {
            **fixture_events.least("deployment", "v1.0"),
            "deployment_id": name,
            "repo": chance.choice(["acme/shop", "acme/cart"]),
            "status": chance.choice(["success", "failed"]),
            "started_at": _text(started_at),
            "finished_at": _text(started_at + timedelta(minutes=5)),
            "commits": [{"sha": _commit(chance.randint(0, 9)), "committed_at": _text(started_at - timedelta(days=2))}],
            "emitted_at": _text(self._clock),
        }

    def _catalogue_entry(self) -> Event:
        """Another owner, from a day on which runs have been counted already."""
        self.seen["catalogue edit"] += 1
        return {
            **fixture_events.least("repository", "v1.0"),
            "repo": self._chance.choice(["acme/shop", "acme/cart"]),
            "valid_from": _text(FIRST_DAY + timedelta(days=self._chance.randint(-5, 9))),
            "team": self._chance.choice(["checkout", "payments"]),
            "emitted_at": _text(self._clock),
        }

    def _late_incident(self) -> Event:
        """An incident that is told weeks after the deployment that it followed."""
        self.seen["incident weeks late"] += 1
        opened_at = FIRST_DAY + timedelta(minutes=self._chance.randint(0, 14 * 24 * 60))
        return {
            **fixture_events.least("incident", "v1.0"),
            "incident_id": str(self._count),
            "repo": self._chance.choice(["acme/shop", "acme/cart"]),
            "deployment_id": str(self._chance.randint(0, 20)),
            "opened_at": _text(opened_at),
            "updated_at": _text(self._clock),
        }


def _test_report(name: str, chance: random.Random) -> Event:
    event = fixture_events.named("test_report", "v1.0", "least_there_is")
    cases = [{"outcome": chance.choice(["passed", "failed"])} for _ in range(chance.randint(1, 4))]
    return {**event, "suite": name, "cases": cases}


def _verification(name: str, chance: random.Random) -> Event:
    event = fixture_events.named("verification", "v1.0", "undecided_without_a_reason")
    return {**event, "job": name, "verdict": chance.choice(["verified", "refuted", "undecided"])}


def _drill_step(name: str, chance: random.Random) -> Event:
    event = fixture_events.named("dr_drill", "v1.0", "step_alone")
    return {**event, "drill_id": name, "step": chance.choice(["restore", "verify"])}


def _commit(number: int) -> str:
    return f"{number:040x}"


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
