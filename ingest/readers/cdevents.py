"""
CDEvents, as CloudEvents in structured mode (`data` holds the event), in batches, or bare.

Source: CDEvents 0.4.1 and 0.5.0 (https://github.com/cdevents/spec), with the earlier words of 0.1 to 0.3;
CloudEvents 1.0.2, "JSON Event Format". A file holds one event, a list, or one event a line.

An event tells one moment of a thing: the events of one thing in a file are put together, whatever their
order. A thing is known by its id within its source. What they become:

    pipelinerun  queued, started, finished          pipeline_run
    taskrun      started, finished                  pipeline_job
    service      deployed, upgraded, rolledback     deployment (each event is one)
    incident     detected, reported, resolved       incident
    artifact     published                          release, if it names a tag and a digest
    testcaserun  finished, skipped                  test_report, a suite run each

All others have no topic here; each is malformed with its type, and so counted. An event that tells only
the end of a run or of an incident is malformed too, for its beginning cannot be known: load the events of
a thing together.

Repositories are taken from outside, where no purl of a forge names one; a commit only for a file about
a single pipeline run. A service that was deployed is in production if its environment is called so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ci_intel.identities import canonical
from ci_intel.moments import utc
from ingest import answers
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.purl import artifact_of
from ingest.readers import Item, Malformed, incomplete
from ingest.shapes import known, mapping, moment, names_production, text

FORMAT = "cdevents"
VERSION = 1
TOPICS = ("pipeline_run", "pipeline_job", "deployment", "incident", "release", "test_report")
OUTSIDE = ("repository", "commit_sha")
NEEDS: tuple[str, ...] = ()

_TYPE = re.compile(r"dev\.cdevents\.([a-z]{1,40})\.([a-z]{1,40})(?:\.[0-9][0-9A-Za-z.-]{0,40})?", re.ASCII)
_HEAD = re.compile(rb'\s*\[?\s*\{.{0,4000}?"type"\s*:\s*"dev\.cdevents\.[a-z]+\.[a-z]+', re.DOTALL)
_OUTCOMES = {
    "success": "passed",
    "pass": "passed",
    "failure": "failed",
    "fail": "failed",
    "error": "error",
}
_NO_TOPIC = {
    "service.removed": "a service that is taken away is no deployment",
    "artifact.signed": "it says that someone signed, not that anyone verified the signature",
    "artifact.packaged": "an artifact is a release when it is published",
}


@dataclass(frozen=True)
class _Event:
    """One CDEvent: what happened to which thing, and when."""

    subject: str
    predicate: str
    thing: str
    source: str
    subject_id: str
    event_id: str
    time: str
    content: Mapping[str, Any]
    document: Mapping[str, Any]
    pointer: str

    @property
    def kind(self) -> str:
        return f"{self.subject}.{self.predicate}"


@dataclass
class _Stories:
    """The events of each thing, by subject, in the order in which the things occur first."""

    things: dict[tuple[str, str], list[_Event]] = field(default_factory=dict)
    repository: str | None = None
    commit_sha: str | None = None

    def add(self, event: _Event) -> None:
        """Add an event to those of its thing."""
        self.things.setdefault((event.subject, event.thing), []).append(event)


def recognises(evidence: Evidence) -> bool:
    """Judge by the type of the first event."""
    first = answers.first_part(evidence)
    if first is None:
        return _HEAD.match(evidence.head) is not None
    return _TYPE.fullmatch(str(mapping(_bare(first).get("context")).get("type"))) is not None or bool(
        isinstance(first, dict) and _TYPE.fullmatch(str(first.get("type")))
    )


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """Yield the things that the events tell of, and each event that tells of none."""
    stories = _Stories(repository=context.repository)
    for pointer, part in answers.parts(evidence):
        event = _event(part, pointer)
        if isinstance(event, Malformed):
            yield event
        elif event.kind in _KINDS:
            stories.add(event)
        else:
            reason = _NO_TOPIC.get(event.kind, "it tells of nothing that is counted here")
            yield _malformed("no_topic", f"there is no topic for {event.kind}: {reason}", event)
    stories.commit_sha = context.commit_sha if len(_runs(stories)) == 1 else None
    suites: dict[str, list[_Event]] = {}
    for (subject, thing), events in stories.things.items():
        events.sort(key=lambda event: utc(event.time))
        if subject == "testcaserun":
            suites.setdefault(_suite_of(events), []).extend(events)
        elif subject == "testsuiterun":
            suites.setdefault(thing, [])
        else:
            yield from _complete(_READ[subject](events, stories), events[-1])
    for thing, events in suites.items():
        suite = stories.things.get(("testsuiterun", thing), [])
        yield from _complete(_test_report(events, suite, stories), [*suite, *events][-1])


def _complete(items: Iterator[Item], last: _Event) -> Iterator[Item]:
    """Yield the items, malformed where a thing's repository or commit is not known; an incident needs neither."""
    for item in items:
        if isinstance(item, Malformed) or item["schema"].startswith("incident."):
            yield item
        else:
            yield incomplete(item, last.pointer, canonical(dict(last.document))) or item


def _event(part: Any, pointer: str) -> _Event | Malformed:
    """Return an event; malformed for what is no CDEvent, or does not say of what or when it tells."""
    bare = _bare(part)
    context, subject = mapping(bare.get("context")), mapping(bare.get("subject"))
    match = _TYPE.fullmatch(str(context.get("type")))
    if match is None:
        return Malformed("not_a_cdevent", "it has no `context` with a type of CDEvents", pointer, canonical(part))
    time, subject_id = moment(context.get("timestamp")), text(subject.get("id"))
    source = text(subject.get("source")) or text(context.get("source"))
    event_id = text(context.get("id"))
    missing = [
        name
        for name, value in {
            "context.timestamp": time, "context.id": event_id, "context.source": source, "subject.id": subject_id,
        }.items()
        if value is None
    ]  # fmt: skip
    if missing or time is None or source is None or subject_id is None or event_id is None:
        return Malformed("incomplete_event", f"it has no valid {', '.join(missing)}", pointer, canonical(part))
    return _Event(
        subject=match[1],
        predicate=match[2],
        thing=_thing(source, subject_id),
        source=source,
        subject_id=subject_id,
        event_id=_thing(text(context.get("source")) or source, event_id),
        time=time,
        content=mapping(subject.get("content")),
        document=bare,
        pointer=pointer,
    )


def _bare(part: Any) -> Mapping[str, Any]:
    """Return the CDEvent that a CloudEvent carries, or what is bare already."""
    if not isinstance(part, dict):
        return {}
    carried = part.get("data")
    return carried if isinstance(carried, dict) and "context" not in part else part


def _thing(source: str, subject_id: str) -> str:
    return f"{source.rstrip('/')}/{subject_id.lstrip('/')}"


def _referred(reference: Any, event: _Event) -> str | None:
    """Return the thing that a reference means: in the source of its own event, if it names none."""
    found = text(mapping(reference).get("id"))
    return _thing(text(mapping(reference).get("source")) or event.source, found) if found else None


def _runs(stories: _Stories) -> set[str]:
    runs = {thing for subject, thing in stories.things if subject == "pipelinerun"}
    for (subject, _), events in stories.things.items():
        if subject == "taskrun":
            runs |= {run for event in events if (run := _referred(event.content.get("pipelineRun"), event))}
    return runs


def _first(events: list[_Event], *predicates: str) -> _Event | None:
    return next((event for event in events if event.predicate in predicates), None)


def _last(events: list[_Event], *predicates: str) -> _Event | None:
    return _first(events[::-1], *predicates)


def _newest(events: list[_Event], name: str) -> Any:
    """Return what was last said of a field."""
    return next(
        (event.content[name] for event in reversed(events) if event.content.get(name) not in (None, "", {})), None
    )


def _pipeline_run(events: list[_Event], stories: _Stories) -> Iterator[Item]:
    queued, started, finished = _first(events, "queued"), _first(events, "started"), _last(events, "finished")
    begun = started or queued
    if begun is None:
        yield from (
            _malformed("no_start", "a run's end without its start: load them together", event) for event in events
        )
        return
    yield known(
        schema="pipeline_run.v1.3",
        provider="cdevents",
        repo=stories.repository,
        run_id=begun.thing,
        workflow=_newest(events, "pipelineName"),
        commit_sha=stories.commit_sha,
        started_at=begun.time,
        ended_at=finished.time if finished else None,
        queue_ms=_milliseconds(queued, started),
        status="unknown",
        status_original=_outcome(finished) if finished else begun.predicate,
        emitted_at=events[-1].time,
    )


def _pipeline_job(events: list[_Event], stories: _Stories) -> Iterator[Item]:
    started, finished = _first(events, "started"), _last(events, "finished")
    run = next((run for event in events if (run := _referred(event.content.get("pipelineRun"), event))), None)
    if run is None:
        yield from (
            _malformed("no_pipeline_run", "a task's run that names no pipeline's run", event) for event in events
        )
        return
    yield known(
        schema="pipeline_job.v1.0",
        provider="cdevents",
        repo=stories.repository,
        run_id=run,
        job_id=events[0].subject_id,
        name=_newest(events, "taskName") or events[0].subject_id,
        commit_sha=stories.commit_sha,
        status="unknown",
        status_original=_outcome(finished) if finished else "started",
        started_at=started.time if started else None,
        completed_at=finished.time if finished else None,
        emitted_at=events[-1].time,
    )


def _deployments(events: list[_Event], stories: _Stories) -> Iterator[Item]:
    for event in events:
        environment = text(mapping(event.content.get("environment")).get("id"))
        artifact = artifact_of(event.content.get("artifactId"))
        yield known(
            schema="deployment.v1.0",
            provider="cdevents",
            repo=artifact.get("repository") or stories.repository,
            deployment_id=event.event_id,
            service=event.subject_id,
            environment=environment,
            is_production=names_production(environment),
            status="success",
            artifact_digest=artifact.get("digest"),
            version=artifact.get("version") or artifact.get("tag"),
            commit_sha=artifact.get("commit_sha"),
            # The event tells that it is there; when the deploying began, nobody says.
            started_at=event.time,
            finished_at=event.time,
            is_rollback=event.predicate == "rolledback",
            why_counted=f"a CDEvent: service {event.predicate} in {environment}",
            emitted_at=event.time,
        )


def _incident(events: list[_Event], _stories: _Stories) -> Iterator[Item]:
    opened, resolved = _first(events, "detected", "reported"), _last(events, "resolved")
    if opened is None:
        yield from (
            _malformed("no_beginning", "an incident's end without its beginning: load them together", event)
            for event in events
        )
        return
    service = mapping(_newest(events, "service"))
    yield known(
        schema="incident.v1.0",
        provider="cdevents",
        incident_id=opened.thing,
        service=text(service.get("id")),
        environment=text(mapping(_newest(events, "environment")).get("id")),
        opened_at=opened.time,
        # What was detected once more since then is open again.
        resolved_at=resolved.time if resolved and events[-1] is resolved else None,
        updated_at=events[-1].time,
        artifact_digest=artifact_of(_newest(events, "artifactId")).get("digest"),
        uri=_newest(events, "ticketURI"),
    )


def _release(events: list[_Event], stories: _Stories) -> Iterator[Item]:
    for event in events:
        artifact = artifact_of(event.subject_id)
        tag, digest = artifact.get("tag") or artifact.get("version"), artifact.get("digest")
        if tag is None or digest is None:
            yield _malformed("no_release", "an artifact that names no tag, or no sha256, is no release", event)
            continue
        yield known(
            schema="release.v1.0",
            provider="cdevents",
            repo=artifact.get("repository") or stories.repository,
            tag=tag,
            artifact_digest=digest,
            artifact_name=artifact.get("name"),
            released_at=event.time,
            emitted_at=event.time,
        )


def _suite_of(events: list[_Event]) -> str:
    """Return the suite run of a case, its source where it names none."""
    named = (run for event in events if (run := _referred(event.content.get("testSuiteRun"), event)))
    return next(named, events[0].source)


def _test_report(cases: list[_Event], suite: list[_Event], stories: _Stories) -> Iterator[Item]:
    """Yield the report of one suite run, and each of its cases that came to no end."""
    by_case: dict[str, list[_Event]] = {}
    for event in cases:
        by_case.setdefault(event.thing, []).append(event)
    told = []
    for events in by_case.values():
        case = _case(events)
        if isinstance(case, Malformed):
            yield case
        else:
            told.append(case)
    if not told:
        yield from (
            _malformed("no_cases", "a suite's run without the runs of its cases has no count of tests", event)
            for event in suite
        )
        return
    started, finished = _first(suite, "started"), _last(suite, "finished")
    name = mapping(_newest(suite, "testSuite"))
    yield known(
        schema="test_report.v1.0",
        provider="cdevents",
        repo=stories.repository,
        commit_sha=stories.commit_sha,
        suite=text(name.get("name")) or text(name.get("id")),
        started_at=started.time if started else min((event.time for event in cases), key=utc),
        duration_ms=_milliseconds(started, finished),
        emitted_at=max((event.time for event in (*cases, *suite)), key=utc),
        cases=told,
    )


def _case(events: list[_Event]) -> dict[str, Any] | Malformed:
    started, ended = _first(events, "started"), _last(events, "finished", "skipped")
    if ended is None:
        return _malformed("no_outcome", "a test that has not ended has no outcome yet", events[-1])
    said = str(ended.content.get("outcome") or ended.content.get("status")).lower()
    outcome = "skipped" if ended.predicate == "skipped" else _OUTCOMES.get(said)
    if outcome is None:
        return _malformed("no_outcome", f"a test that ended with {said[:40]!r} has neither passed nor failed", ended)
    test = mapping(_newest(events, "testCase"))
    return known(
        name=text(test.get("name")) or text(test.get("id")) or ended.subject_id,
        outcome=outcome,
        duration_ms=_milliseconds(started, ended),
    )


def _outcome(finished: _Event) -> str:
    return text(finished.content.get("outcome")) or "finished"


def _milliseconds(begun: _Event | None, ended: _Event | None) -> int | None:
    if begun is None or ended is None or utc(ended.time) < utc(begun.time):
        return None
    return round((utc(ended.time) - utc(begun.time)).total_seconds() * 1000)


def _malformed(code: str, message: str, event: _Event) -> Malformed:
    return Malformed(code, message, event.pointer, canonical(dict(event.document)))


_READ: Mapping[str, Callable[[list[_Event], _Stories], Iterator[Item]]] = {
    "pipelinerun": _pipeline_run,
    "taskrun": _pipeline_job,
    "service": _deployments,
    "incident": _incident,
    "artifact": _release,
}
_PREDICATES = {
    "pipelinerun": ("queued", "started", "finished"),
    "taskrun": ("started", "finished"),
    "service": ("deployed", "upgraded", "rolledback"),
    "incident": ("detected", "reported", "resolved"),
    "artifact": ("published",),
    "testcaserun": ("queued", "started", "finished", "skipped"),
    "testsuiterun": ("queued", "started", "finished"),
}
_KINDS = frozenset(f"{subject}.{predicate}" for subject, told in _PREDICATES.items() for predicate in told)
