"""
Random histories: what senders do to the same things over time, and what loaders do to their files.

A history is a list of deliveries, made from a seed. Each delivery is one file, loaded at a moment that
may lie before that of an earlier delivery, as loads do that commit in another order than they started.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fixture_events

Event = dict[str, Any]
START = datetime(2026, 2, 1, tzinfo=UTC)
FIRST_DELIVERY = datetime(2026, 5, 1, tzinfo=UTC)

CASES = (
    "new",
    "correction",
    "late version",
    "version without a time of its own",
    "moved to another day",
    "re-attempt",
    "withdrawn children",
    "repeated in another file",
    "replayed file",
    "out of order",
    "reload",
    "reload that rejects what was good",
)
TYPO = "typo"
"""Events with this in their id are what a fixed gate rejects."""


@dataclass
class Thing:
    """Something that has an id and versions: its newest event, and how often it was sent."""

    event: Event
    sent: int = 1


@dataclass
class History:
    """What happens, delivery by delivery; `seen` counts the cases, to prove that none was missed."""

    seed: int
    folder: Path
    seen: Counter[str] = field(default_factory=Counter)
    _things: list[Thing] = field(default_factory=list)
    _files: list[Path] = field(default_factory=list)
    _clock: datetime = FIRST_DELIVERY

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def deliveries(self, count: int) -> Iterator[tuple[Path, datetime]]:
        """Yield files and the moments at which their loading starts."""
        for number in range(count):
            self._clock += timedelta(minutes=self._chance.randint(1, 3000))
            if self._files and self._chance.random() < 0.15:
                self.seen["replayed file"] += 1
                yield self._chance.choice(self._files), self._clock
                continue
            path = self.folder / f"{number:03}.ndjson"
            events = [self._event() for _ in range(self._chance.randint(1, 8))]
            path.write_text("".join(json.dumps(event) + "\n" for event in events))
            self._files.append(path)
            moment = self._clock
            if number and self._chance.random() < 0.25:
                self.seen["out of order"] += 1
                moment -= timedelta(days=self._chance.randint(1, 6))
            yield path, moment

    def _event(self) -> Event:
        if len(self._things) < 3 or self._chance.random() < 0.35:
            return self._new()
        thing = self._chance.choice(self._things)
        changes = {
            "correction": self._corrected,
            "late version": self._corrected_late,
            "version without a time of its own": self._without_time,
            "moved to another day": self._moved,
            "repeated in another file": self._repeated,
        }
        if thing.event["schema"].startswith("pipeline_run"):
            changes["re-attempt"] = self._attempted_again
        if thing.event.get("jobs"):
            changes["withdrawn children"] = self._withdrawn
        # What this history has not seen yet comes first, where the thing at hand allows it.
        unseen = [case for case in changes if not self.seen[case]]
        return changes[self._chance.choice(unseen or list(changes))](thing)

    def _new(self) -> Event:
        self.seen["new"] += 1
        make = self._chance.choice(
            [_run, _run, _deployment, _incident, _drill_step, _test_report, _verification, _pull_request]
        )
        word = f"{TYPO}-" if self._chance.random() < 0.3 else ""
        event = make(f"{word}{len(self._things)}", self._chance)
        self._things.append(Thing(event))
        return event

    def _version(self, thing: Thing, case: str, **changes: Any) -> Event:
        self.seen[case] += 1
        thing.sent += 1
        thing.event = {**thing.event, **changes}
        return thing.event

    def _change(self, thing: Thing) -> Event:
        """Return another value for a field that is not part of the thing's key."""
        schema = thing.event["schema"]
        if schema.startswith("pull_request"):
            return {"additions": self._chance.randint(1, 999)}
        return {"service" if schema.startswith("incident") else "commit_sha": _commit(self._chance)}

    def _corrected(self, thing: Thing) -> Event:
        return self._version(thing, "correction", emitted_at=_text(self._clock), **self._change(thing))

    def _corrected_late(self, thing: Thing) -> Event:
        self.seen["late version"] += 1
        return {**thing.event, "emitted_at": _text(START - timedelta(days=9)), **self._change(thing)}

    def _without_time(self, thing: Thing) -> Event:
        event = self._version(thing, "version without a time of its own", **self._change(thing))
        event.pop("emitted_at", None)
        return event

    def _moved(self, thing: Thing) -> Event:
        name = next(
            name for name in ("started_at", "opened_at", "checked_at", "emitted_at", "schema") if name in thing.event
        )
        if name in ("schema", "emitted_at"):
            return self._corrected(thing)
        moment = datetime.fromisoformat(thing.event[name]) - timedelta(days=self._chance.randint(1, 20))
        return self._version(thing, "moved to another day", **{name: _text(moment), "emitted_at": _text(self._clock)})

    def _repeated(self, thing: Thing) -> Event:
        self.seen["repeated in another file"] += 1
        return thing.event

    def _attempted_again(self, thing: Thing) -> Event:
        attempt = thing.event.get("run_attempt", 1) + 1
        return self._version(thing, "re-attempt", run_attempt=attempt, emitted_at=_text(self._clock))

    def _withdrawn(self, thing: Thing) -> Event:
        jobs = thing.event["jobs"][:-1]
        return self._version(thing, "withdrawn children", jobs=jobs, emitted_at=_text(self._clock))


def _run(name: str, chance: random.Random) -> Event:
    event = fixture_events.least("pipeline_run", "v1.3")
    jobs = [
        {"id": f"j{place}", "name": "build", "status": "success", "duration_ms": chance.randint(1, 99)}
        for place in range(chance.randint(0, 4))
    ]
    policies = [{"id": "signed", "result": chance.choice(["allow", "deny"])}]
    return {**event, "run_id": name, "jobs": jobs, "policies": policies, "started_at": _text(START)}


def _deployment(name: str, chance: random.Random) -> Event:
    event = fixture_events.least("deployment", "v1.0")
    return {**event, "deployment_id": name, "commits": [{"sha": _commit(chance), "committed_at": _text(START)}]}


def _incident(name: str, _chance: random.Random) -> Event:
    return {**fixture_events.least("incident", "v1.0"), "incident_id": name}


def _pull_request(name: str, chance: random.Random) -> Event:
    number = int(name.removeprefix(f"{TYPO}-")) + 1
    commits = [{"sha": _commit(chance)} for _ in range(chance.randint(0, 3))]
    return {
        **fixture_events.named("pull_request", "v1.0", "with_the_least"),
        "number": number,
        "run_id": name,
        "commits": commits,
        "emitted_at": _text(START),
    }


def _drill_step(name: str, chance: random.Random) -> Event:
    event = fixture_events.named("dr_drill", "v1.0", "step_alone")
    return {**event, "drill_id": name, "step": chance.choice(["restore", "verify"])}


def _test_report(name: str, chance: random.Random) -> Event:
    event = fixture_events.named("test_report", "v1.0", "least_there_is")
    cases = [{"outcome": chance.choice(["passed", "failed"])} for _ in range(chance.randint(1, 4))]
    return {**event, "suite": name, "cases": cases}


def _verification(name: str, chance: random.Random) -> Event:
    event = fixture_events.named("verification", "v1.0", "undecided_without_a_reason")
    return {**event, "job": name, "verdict": chance.choice(["verified", "refuted", "undecided"])}


def _commit(chance: random.Random) -> str:
    return f"{chance.getrandbits(160):040x}"


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def is_typo(event: Mapping[str, Any]) -> bool:
    """Tell whether a fixed gate would reject this event."""
    names = ("run_id", "deployment_id", "incident_id", "drill_id", "suite", "job")
    return any(str(event.get(name, "")).startswith(TYPO) for name in names)
