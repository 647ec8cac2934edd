"""
GitLab's REST API: pipelines, their jobs, deployments, merge requests.

A file holds one object, a list of them, or several lists one after the other, as `glab api --paginate`
writes them. A pipeline, a job or a merge request is known by its `web_url`, which also names the project; a deployment
has no address of its own, so that its project is that of the job that made it, and one that no job
made needs the repository from outside.

GitLab knows no attempts: a job that is retried is another job of the same pipeline, and moves the
pipeline's end. Its `duration` is the time in which a job was running, without waits; what is passed on
here are start and end. A list of pipelines tells neither: such a pipeline is dated by its creation, and
its version is as old as that, lest it pass for newer than the pipeline itself.

A job's `created_at` is when its pipeline was put together, not when it was ready to run; it is queued
for its `queued_duration` before it starts.

A merge request may hold its `commits` and `notes`, as the API gives them: among the notes, those of the
system say when it was approved and when it was marked as ready.

Source: GitLab REST API, "Pipelines", "Jobs", "Deployments", "Merge requests", "Notes"; the tiers of
"Environments and deployments".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ci_intel.identities import canonical
from ci_intel.moments import is_moment, utc
from ingest import answers
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item, Malformed, incomplete
from ingest.shapes import elements, known, mapping, names_production, number, texts

FORMAT = "gitlab_rest"
VERSION = 2
TOPICS = ("pipeline_run", "pipeline_job", "deployment", "pull_request")
OUTSIDE = ("repository",)
NEEDS: tuple[str, ...] = ()

UNFINISHED = frozenset(
    {
        "blocked",
        "canceling",
        "created",
        "manual",
        "pending",
        "preparing",
        "running",
        "scheduled",
        "waiting_for_callback",
        "waiting_for_resource",
    }
)
"""What is in one of these states has no end, whatever its `finished_at` says."""

_WEB_URL = re.compile(
    r"https?://([^/]+)/(.+?)/(?:-/)?(pipelines|jobs|commit|builds|merge_requests)/[0-9a-f]+", re.ASCII
)
_MERGE_REQUEST = re.compile(r"refs/merge-requests/([0-9]{1,15})/(?:head|merge|train)", re.ASCII)
_HEAD = re.compile(
    rb'[\[\s]*\{\s*"id"\s*:\s*[0-9]+\s*,.{0,4000}?"web_url"\s*:\s*"https?://[^"]+/-/(?:pipelines|jobs|merge_requests)/',
    re.DOTALL,
)
_LONGEST_QUEUE_SECONDS = 10**9
_APPROVED = re.compile(r"approved this merge request")
_READY = re.compile(r"marked this merge request as \*\*ready\*\*")


def recognises(evidence: Evidence) -> bool:
    """Judge by the first object's address, or by what a deployment alone has; a cut answer by its beginning."""
    first = answers.first_part(evidence)
    return _kind(first) is not None or (first is None and _HEAD.match(evidence.head) is not None)


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """Yield an event for each pipeline, job, deployment and merge request."""
    for pointer, part in answers.parts(evidence):
        kind = _kind(part)
        if kind is None:
            yield Malformed(
                "unknown_object",
                "neither a pipeline nor a job nor a merge request, by its `web_url`, nor a deployment",
                pointer,
                canonical(part),
            )
            continue
        event = _EVENTS[kind](part, context)
        is_nobodys = kind == "deployment" and incomplete(event, pointer, canonical(part))
        yield is_nobodys or event


def _kind(part: Any) -> str | None:
    if not isinstance(part, dict):
        return None
    if isinstance(part.get("environment"), dict) and {"iid", "sha", "ref", "deployable"} <= part.keys():
        return "deployment"
    match = _WEB_URL.fullmatch(str(part.get("web_url")))
    if match and match[3] == "pipelines" and {"id", "sha", "ref", "status"} <= part.keys():
        return "pipeline"
    if match and match[3] in ("jobs", "builds") and {"id", "stage", "name"} <= part.keys():
        return "job"
    if match and match[3] == "merge_requests" and {"iid", "title", "target_branch"} <= part.keys():
        return "merge_request"
    return None


def _pipeline(pipeline: Mapping[str, Any], _context: RunContext) -> dict[str, Any]:
    is_listed = "started_at" not in pipeline
    created_at = pipeline.get("created_at")
    ref = pipeline.get("ref")
    merge_request = _MERGE_REQUEST.fullmatch(str(ref))
    queued_seconds = _seconds(pipeline.get("queued_duration"))
    return known(
        schema="pipeline_run.v1.3",
        provider="gitlab",
        repo=_repository(pipeline),
        run_id=_id(pipeline.get("id")),
        run_number=pipeline.get("iid"),
        workflow=pipeline.get("name"),
        event=pipeline.get("source"),
        actor=mapping(pipeline.get("user")).get("username"),
        actor_type=_actor_type(pipeline.get("user")),
        commit_sha=pipeline.get("sha"),
        branch=None if merge_request or pipeline.get("tag") is True else ref,
        pr=int(merge_request[1]) if merge_request else None,
        # Many never start: skipped, canceled before a runner was free.
        started_at=pipeline.get("started_at") or created_at,
        ended_at=_end(pipeline),
        queue_ms=None if queued_seconds is None else round(queued_seconds * 1000),
        status="unknown",
        status_original=pipeline.get("status"),
        emitted_at=created_at if is_listed else pipeline.get("updated_at") or created_at,
    )


def _job(job: Mapping[str, Any], _context: RunContext) -> dict[str, Any]:
    pipeline = mapping(job.get("pipeline"))
    started_at = job.get("started_at")
    tags = texts(job["tag_list"]) if isinstance(job.get("tag_list"), list) else []
    return known(
        schema="pipeline_job.v1.0",
        provider="gitlab",
        repo=_repository(job),
        run_id=_id(pipeline.get("id")),
        job_id=_id(job.get("id")),
        name=job.get("name"),
        commit_sha=pipeline.get("sha") or mapping(job.get("commit")).get("id"),
        branch=None if job.get("tag") is True or _MERGE_REQUEST.fullmatch(str(job.get("ref"))) else job.get("ref"),
        status="unknown",
        status_original=job.get("status"),
        runner_label=",".join(sorted(tags)),
        runner_type=_runner_type(job),
        queued_at=_queued_at(started_at, _seconds(job.get("queued_duration"))),
        started_at=started_at,
        completed_at=_end(job),
        # A job has no `updated_at`: each of its states is as old as the newest time it holds.
        emitted_at=job.get("finished_at") or started_at or job.get("created_at"),
    )


def _deployment(deployment: Mapping[str, Any], context: RunContext) -> dict[str, Any]:
    job = mapping(deployment.get("deployable"))
    environment = deployment["environment"]
    name = environment.get("name")
    created_at = deployment.get("created_at")
    repository = (
        _repository(job) or _repository(mapping(job.get("pipeline"))) or _repository(mapping(job.get("commit")))
    )
    return known(
        schema="deployment.v1.0",
        provider="gitlab",
        repo=repository or context.repository,
        deployment_id=_id(deployment.get("id")),
        environment=name,
        is_production=_is_production(environment.get("tier"), name),
        status="unknown",
        status_original=deployment.get("status"),
        ref=deployment.get("ref"),
        commit_sha=deployment.get("sha"),
        created_at=created_at,
        started_at=job.get("started_at") or created_at,
        finished_at=_deployed_at(deployment, job),
        why_counted=f"environment {name} of GitLab's deployments API",
        actor_type=_actor_type(job.get("user")),
        run_id=_id(mapping(job.get("pipeline")).get("id")),
        job=job.get("name"),
        emitted_at=deployment.get("updated_at") or created_at,
    )


def _merge_request(request: Mapping[str, Any], _context: RunContext) -> dict[str, Any]:
    title, merged_at = request.get("title"), request.get("merged_at")
    author = mapping(request.get("author"))
    notes = [note for note in elements(request.get("notes")) if isinstance(note, dict)]
    commits = [commit for commit in elements(request.get("commits")) if isinstance(commit, dict)]
    return known(
        schema="pull_request.v1.0",
        provider="gitlab",
        repo=_repository(request),
        number=request.get("iid"),
        title_sha256=hashlib.sha256(title.encode(errors="replace")).hexdigest() if isinstance(title, str) else None,
        author_type=_actor_type(author),
        is_draft=request.get("draft"),
        base_branch=request.get("target_branch"),
        opened_at=request.get("created_at"),
        ready_for_review_at=min(_said(notes, _READY), default=None),
        first_review_at=min(_reviews(notes, author), default=None),
        approved_at=max((at for at in _said(notes, _APPROVED) if not _is_after(at, merged_at)), default=None),
        merged_at=merged_at,
        closed_at=request.get("closed_at") or merged_at,
        merge_commit_sha=(request.get("merge_commit_sha") or request.get("squash_commit_sha") or request.get("sha"))
        if merged_at
        else None,
        commits=[
            known(
                sha=commit.get("id"), authored_at=commit.get("authored_date"), committed_at=commit.get("committed_date")
            )
            for commit in commits
        ],
        emitted_at=request.get("updated_at"),
    )


def _is_after(moment: str, other: Any) -> bool:
    """Tell whether one time is later than another, if that is one: the contract judges what is none."""
    return is_moment(moment) and isinstance(other, str) and is_moment(other) and utc(moment) > utc(other)


def _said(notes: Sequence[Mapping[str, Any]], words: re.Pattern[str]) -> list[str]:
    """Return when the system noted something; its words are no part of the API, and newer ones go unnoticed."""
    return [
        note["created_at"]
        for note in notes
        if note.get("system") is True and words.match(str(note.get("body"))) and isinstance(note.get("created_at"), str)
    ]


def _reviews(notes: Sequence[Mapping[str, Any]], author: Mapping[str, Any]) -> list[str]:
    """Return when somebody other than the author, and no program, commented or approved."""
    return [
        note["created_at"]
        for note in notes
        if isinstance(note.get("created_at"), str)
        and (note.get("system") is not True or _APPROVED.match(str(note.get("body"))))
        and mapping(note.get("author")).get("username") != author.get("username")
        and _actor_type(note.get("author")) != "bot"
    ]


_EVENTS: Mapping[str, Callable[[Mapping[str, Any], RunContext], dict[str, Any]]] = {
    "pipeline": _pipeline,
    "job": _job,
    "deployment": _deployment,
    "merge_request": _merge_request,
}


def _end(part: Mapping[str, Any]) -> Any:
    return None if str(part.get("status")) in UNFINISHED else part.get("finished_at")


def _deployed_at(deployment: Mapping[str, Any], job: Mapping[str, Any]) -> Any:
    """Return when the job ended; of a deployment whose job never ran, or that has none, when it last changed."""
    if str(deployment.get("status")) in UNFINISHED:
        return None
    return job.get("finished_at") or deployment.get("updated_at")


def _repository(part: Mapping[str, Any]) -> str | None:
    match = _WEB_URL.fullmatch(str(part.get("web_url")))
    return match[2] if match else None


def _id(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _seconds(value: Any) -> float | None:
    seconds = number(value)
    return seconds if seconds is not None and 0 <= seconds < _LONGEST_QUEUE_SECONDS else None


def _queued_at(started_at: Any, seconds: float | None) -> str | None:
    if seconds is None or not isinstance(started_at, str):
        return None
    try:
        return (utc(started_at) - timedelta(seconds=seconds)).isoformat()
    except (ValueError, OverflowError):
        return None


def _runner_type(job: Mapping[str, Any]) -> str | None:
    """Return whose machine it was: GitLab.com's own runners are shared; those of other installations are somebody's."""
    runner = job.get("runner")
    if not isinstance(runner, dict) or not isinstance(runner.get("is_shared"), bool):
        return None
    match = _WEB_URL.fullmatch(str(job.get("web_url")))
    return "hosted" if runner["is_shared"] and match and match[1] == "gitlab.com" else "self-hosted"


def _actor_type(user: Any) -> str | None:
    is_bot = mapping(user).get("bot")
    return {True: "bot", False: "human"}[is_bot] if isinstance(is_bot, bool) else None


def _is_production(tier: Any, name: Any) -> bool:
    """Return what GitLab takes an environment for: its tier, else its name."""
    if isinstance(tier, str) and tier:
        return tier == "production"
    return names_production(name)
