"""
Jenkins's JSON API: builds of any kind of job, and the stages of a pipeline (`wfapi/describe`).

A file holds one object, a list of them, or the page of a job with its `builds` or `allBuilds`. Builds
are known by their class; a tree that leaves it out is known by number, timestamp, duration and result.
A build's id is that of Jenkins itself, `folder/job#number`, taken from its address, else from its
display name. `timestamp` is when it was started, in milliseconds. Jenkins fills in `result` while a
pipeline still goes on, so `building` decides. Plugins that have nothing to say leave empty `actions`.

Jenkins does not know repositories. A build that checked one out says its address and commit; where it
does not, both come from outside, the commit only for a file of a single build: the builds of a list are
not of one commit. A stage says neither, and gets the repository from outside.

Source: Jenkins, "Remote Access API"; the plugins git (`BuildData`), metrics (`TimeInQueueAction`) and
pipeline-rest-api (`wfapi`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from ci_intel.identities import canonical
from ingest import answers
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item, Malformed, incomplete
from ingest.shapes import elements, known, mapping, number, text

FORMAT = "jenkins_json"
VERSION = 1
TOPICS = ("pipeline_run", "pipeline_job")
OUTSIDE = ("repository", "commit_sha")
NEEDS: tuple[str, ...] = ()

_LISTS = ("builds", "allBuilds", "stages")
_CLASS = re.compile(r"(?:hudson|jenkins|org\.jenkinsci|org\.jenkins|com\.cloudbees|io\.jenkins)\.[\w.$-]+", re.ASCII)
_BUILD_CLASS = re.compile(_CLASS.pattern + r"(?:Build|Run)", re.ASCII)
_HEAD = re.compile(
    rb'\s*\{\s*"_class"\s*:\s*"(?:hudson|org\.jenkinsci|jenkins|com\.cloudbees)\.[^"]*(?:Build|Run|Job|Project)"'
)
_STAGE = re.compile(r"(.*?)/([0-9]{1,15})/execution/node/[^/]+/wfapi/describe", re.ASCII)
_JOB_STEP = re.compile(r"(?:^|/)job/([^/]+)")
_ADDRESS = re.compile(r"(.*?)/([0-9]{1,15})/?", re.ASCII)
_DISPLAY_NAME = re.compile(r"(.+) #[0-9]+", re.DOTALL)
_REMOTE = re.compile(r"(?:[a-z+]+://(?:[^@/]*@)?[^/]+/|[^@/]+@[^:/]+:/?)(?P<path>.+?)(?:\.git)?/?", re.ASCII)
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)+", re.ASCII)
_BRANCH = re.compile(r"(?:refs/)?(?:remotes/)?(?:origin/|heads/)?(?P<name>.+)")
_PULL_REQUEST = re.compile(r"PR-([1-9][0-9]{0,14})", re.ASCII)
_LAST_MILLISECOND = 253402300799999
_QUEUE = ("waitingDurationMillis", "blockedDurationMillis", "buildableDurationMillis")
_EVENTS = {
    "hudson.model.Cause$UserIdCause": "manual",
    "hudson.triggers.TimerTrigger$TimerTriggerCause": "schedule",
    "hudson.triggers.SCMTrigger$SCMTriggerCause": "push",
    "jenkins.branch.BranchEventCause": "push",
    "hudson.model.Cause$UpstreamCause": "upstream",
    "hudson.model.Cause$RemoteCause": "remote",
    "org.jenkinsci.plugins.workflow.cps.replay.ReplayCause": "replay",
}


def recognises(evidence: Evidence) -> bool:
    """Judge by the class or the fields of the first build, by the address of the first stage."""
    first = answers.first_part(evidence, *_LISTS)
    if first is None:
        return _HEAD.match(evidence.head) is not None
    return _is_build(first) or _is_stage(first) or _is_page(first)


def read(evidence: Evidence, context: RunContext) -> Iterator[Item]:
    """Yield an event for each build and each stage."""
    found = list(answers.parts(evidence, *_LISTS))
    commit_sha = context.commit_sha if sum(_is_build(part) for _, part in found) == 1 else None
    for pointer, part in found:
        if not _is_stage(part) and not _is_build(part):
            yield Malformed("unknown_object", "neither a build nor a stage of a pipeline", pointer, canonical(part))
            continue
        event = _stage(part, context) if _is_stage(part) else _build(part, context, commit_sha)
        yield incomplete(event, pointer, canonical(part)) or event


def _is_build(part: Any) -> bool:
    if not isinstance(part, dict) or "number" not in part:
        return False
    if _BUILD_CLASS.fullmatch(str(part.get("_class"))):
        return True
    return {"timestamp", "duration", "result"} <= part.keys() and ("fullDisplayName" in part or "url" in part)


def _is_stage(part: Any) -> bool:
    return isinstance(part, dict) and _STAGE.fullmatch(_self_address(part)) is not None


def _is_page(part: Any) -> bool:
    """Tell an empty page: a job without builds, a pipeline's run without stages."""
    if answers.page_of(part, *_LISTS) is None:
        return False
    return bool(_CLASS.fullmatch(str(part.get("_class")))) or _self_address(part).endswith("/wfapi/describe")


def _self_address(part: Mapping[str, Any]) -> str:
    return str(mapping(mapping(part.get("_links")).get("self")).get("href"))


def _build(build: Mapping[str, Any], context: RunContext, commit_sha: str | None) -> dict[str, Any]:
    actions = [action for action in elements(build.get("actions")) if isinstance(action, dict)]
    job = _job_of_address(build.get("url")) or _job_of_name(build.get("fullDisplayName"))
    started_at = _moment(build.get("timestamp"))
    is_going_on = build.get("building") is True or build.get("result") is None
    cause, user = _cause(actions)
    checkout = _checkout(actions)
    branch = _branch(checkout)
    pull_request = _PULL_REQUEST.fullmatch(branch or "")
    ended_at = None if is_going_on else _moment(build.get("timestamp"), build.get("duration"))
    return known(
        schema="pipeline_run.v1.3",
        provider="jenkins",
        repo=_repository(checkout) or context.repository,
        run_id=f"{job}#{build['number']}" if job and isinstance(build["number"], int) else None,
        run_number=build["number"],
        workflow=job,
        event=cause,
        actor=user,
        actor_type="human" if user else None,
        commit_sha=mapping(mapping(checkout).get("lastBuiltRevision")).get("SHA1") or commit_sha,
        branch=branch,
        pr=int(pull_request[1]) if pull_request else None,
        started_at=started_at,
        ended_at=ended_at,
        queue_ms=_queue(actions),
        status="unknown",
        status_original="in_progress" if is_going_on else build["result"],
        emitted_at=ended_at or started_at,
    )


def _stage(stage: Mapping[str, Any], context: RunContext) -> dict[str, Any]:
    match = _STAGE.fullmatch(_self_address(stage))
    job = _job_of_path(match[1]) if match else None
    status = stage.get("status")
    is_going_on = status in (None, "IN_PROGRESS", "PAUSED_PENDING_INPUT")
    started_at = _moment(stage.get("startTimeMillis"))
    completed_at = None if is_going_on else _moment(stage.get("startTimeMillis"), stage.get("durationMillis"))
    return known(
        schema="pipeline_job.v1.0",
        provider="jenkins",
        repo=context.repository,
        run_id=f"{job}#{int(match[2])}" if match and job else None,
        job_id=stage.get("id"),
        name=stage.get("name"),
        workflow=job,
        status="unknown",
        status_original=status,
        runner_label=text(stage.get("execNode")),
        started_at=started_at,
        completed_at=completed_at,
        emitted_at=completed_at or started_at,
    )


def _job_of_address(url: Any) -> str | None:
    match = _ADDRESS.fullmatch(url) if isinstance(url, str) else None
    return _job_of_path(match[1]) if match else None


def _job_of_path(path: str) -> str | None:
    """Return `folder/job` of `…/job/folder/job/job`, whatever view it was looked at through."""
    return "/".join(unquote(step) for step in _JOB_STEP.findall(path)) or None


def _job_of_name(name: Any) -> str | None:
    match = _DISPLAY_NAME.fullmatch(name) if isinstance(name, str) else None
    return match[1].replace(" » ", "/") if match else None


def _checkout(actions: list[dict[str, Any]]) -> Mapping[str, Any] | None:
    """
    Return what the build checked out; None if nothing, or several repositories.

    A build with shared libraries checks these out too, and does not say which is which.
    """
    found = [action for action in actions if isinstance(action.get("lastBuiltRevision"), dict)]
    revisions = {canonical([action["lastBuiltRevision"].get("SHA1"), action.get("remoteUrls")]) for action in found}
    return found[0] if len(revisions) == 1 else None


def _repository(checkout: Mapping[str, Any] | None) -> str | None:
    for remote in elements(mapping(checkout).get("remoteUrls")):
        match = _REMOTE.fullmatch(remote) if isinstance(remote, str) else None
        if match and _REPOSITORY.fullmatch(match["path"]):
            return match["path"]
    return None


def _branch(checkout: Mapping[str, Any] | None) -> str | None:
    branches = elements(mapping(mapping(checkout).get("lastBuiltRevision")).get("branch"))
    name = text(mapping(branches[0]).get("name")) if branches else None
    match = _BRANCH.fullmatch(name) if name and name != "detached" else None
    return match["name"] if match else None


def _cause(actions: list[dict[str, Any]]) -> tuple[str | None, str | None]:
    """Return why it was started, and the user who did; of several causes, the first."""
    causes = [mapping(cause) for action in actions for cause in elements(action.get("causes"))]
    if not causes:
        return None, None
    name = str(causes[0].get("_class"))
    return _EVENTS.get(name), text(causes[0].get("userId"))


def _queue(actions: list[dict[str, Any]]) -> int | None:
    for action in actions:
        waits = [number(action.get(name)) for name in _QUEUE]
        if all(wait is not None and 0 <= wait <= _LAST_MILLISECOND for wait in waits):
            return round(sum(wait for wait in waits if wait is not None))
    return None


def _moment(start: Any, duration: Any = 0) -> str | None:
    """Return the moment so many milliseconds after another in milliseconds; None outside the calendar."""
    begun, passed = number(start), number(duration)
    if begun is None or passed is None or passed < 0 or not 0 < begun + passed <= _LAST_MILLISECOND:
        return None
    seconds, milliseconds = divmod(int(begun + passed), 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000).isoformat()
