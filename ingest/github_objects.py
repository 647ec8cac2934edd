"""
GitHub's objects, as events: the same run, job, deployment, pull request or release is the same event, whether it
was asked for (`readers/github_rest.py`) or sent by GitHub itself (`readers/github_webhook.py`).

What an object is stands in its `url`. GitHub's own words for a state are passed on in
`status_original`; what they mean is the models' business.

Source: GitHub REST API, "Workflow runs", "Workflow jobs", "Deployments", "Deployment statuses", "Pull requests",
"Timeline events", "Releases".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ci_intel.errors import Refused
from ingest import jsontext
from ingest.checks import is_reversed
from ingest.evidence import Evidence

TOPICS = ("pipeline_run", "pipeline_job", "deployment", "pull_request")

_REPOSITORY = re.compile(r"https?://[^/]+/(?:api/v3/)?repos/([^/]+/[^/]+)", re.ASCII)
_URL = re.compile(
    _REPOSITORY.pattern
    + r"/(?:(?P<run>actions/runs/[0-9]+(?:/attempts/[0-9]+)?)|(?P<job>actions/jobs/[0-9]+)"
    + r"|(?P<deployment>deployments/[0-9]+)|(?P<status>deployments/[0-9]+/statuses/[0-9]+)"
    + r"|(?P<pull_request>pulls/[0-9]+)|(?P<release>releases/[0-9]+))",
    re.ASCII,
)
_RUN_OF_LOG = re.compile(r"https?://[^/]+/([^/]+/[^/]+)/actions/runs/([0-9]+)(?:/.*)?", re.ASCII)
_OF_STATUS = ("deployment_url", "environment", "state", "created_at")
_FINISHED = ("success", "failure", "error")


def first_document(evidence: Evidence) -> Any:
    """Return the file's document, or the first of several that follow each other. Raises `Refused` if it is none."""
    try:
        return evidence.json
    except Refused:
        # The head may end inside of a character.
        head = evidence.head.decode(errors="ignore").encode()
        return next(jsontext.parse_stream(head, evidence.limits.depth))


def documents(evidence: Evidence) -> Iterator[Any]:
    """Yield the file's document, or those that follow each other in it."""
    try:
        yield evidence.json
    except Refused:
        yield from jsontext.parse_stream(evidence.document(), evidence.limits.depth)


def kind(part: Any) -> str | None:
    """Return what an object is by its `url`: run, job, deployment, status, pull_request, release; else None."""
    url = part.get("url") if isinstance(part, dict) else None
    match = _URL.fullmatch(url) if isinstance(url, str) else None
    return match.lastgroup if match else None


def missing_of_status(status: Mapping[str, Any]) -> list[str]:
    """Return what a deployment status lacks without which it says nothing about its deployment."""
    return [name for name in _OF_STATUS if not isinstance(status.get(name), str) or not status[name]]


def _run(run: Mapping[str, Any]) -> dict[str, Any]:
    branch = _text(run.get("head_branch"))
    repository = _repository(run)
    # A re-run keeps `created_at`; older versions of the API know no `run_started_at`.
    started_at = _text(run.get("run_started_at")) or _text(run.get("created_at"))
    pull_requests = _objects(run, "pull_requests")
    actor = _object(run, "triggering_actor") or _object(run, "actor")
    return _known(
        schema="pipeline_run.v1.3",
        provider="github",
        repo=repository,
        run_id=_id(run.get("id")),
        run_attempt=run.get("run_attempt"),
        run_number=run.get("run_number"),
        workflow=_text(run.get("name")) or _text(run.get("path")),
        event=_text(run.get("event")),
        actor=_text(actor.get("login")),
        actor_type=_actor_type(actor),
        commit_sha=run.get("head_sha"),
        branch=branch,
        is_default_branch=_is_default_branch(run, repository, branch),
        # A run may list every pull request whose head is its branch.
        pr=pull_requests[0].get("number") if len(pull_requests) == 1 else None,
        started_at=started_at,
        ended_at=_text(run.get("updated_at")) if _is_completed(run) else None,
        status="unknown",
        status_original=_words(run),
        emitted_at=_text(run.get("updated_at")),
    )


def _job(job: Mapping[str, Any]) -> dict[str, Any]:
    started_at = _text(job.get("started_at"))
    completed_at = _text(job.get("completed_at"))
    # A job has no `updated_at`: each of its states is as old as the newest time it holds.
    emitted_at = completed_at or started_at or _text(job.get("created_at"))
    if _ends_before(started_at, completed_at):
        # GitHub writes such a start for jobs that never ran.
        started_at = None
    labels = [label for label in _list(job, "labels") if isinstance(label, str)]
    return _known(
        schema="pipeline_job.v1.0",
        provider="github",
        repo=_repository(job),
        run_id=_id(job.get("run_id")),
        run_attempt=job.get("run_attempt"),
        job_id=_id(job.get("id")),
        name=job.get("name"),
        workflow=_text(job.get("workflow_name")),
        commit_sha=job.get("head_sha"),
        branch=_text(job.get("head_branch")),
        status="unknown",
        status_original=_words(job),
        runner_label=",".join(sorted(labels)) or None,
        runner_type=_runner_type(job, labels),
        queued_at=_text(job.get("created_at")),
        started_at=started_at,
        completed_at=completed_at,
        steps_failed=_failed_steps(job),
        emitted_at=emitted_at,
    )


def _deployment(deployment: Mapping[str, Any]) -> dict[str, Any]:
    created_at = _text(deployment.get("created_at"))
    environment = _text(deployment.get("environment"))
    is_production = deployment.get("production_environment")
    return _known(
        schema="deployment.v1.0",
        provider="github",
        repo=_repository(deployment),
        deployment_id=_id(deployment.get("id")),
        environment=environment,
        is_production=_is_production(environment) if is_production is None else is_production,
        status="unknown",
        ref=_text(deployment.get("ref")),
        commit_sha=_text(deployment.get("sha")),
        created_at=created_at,
        started_at=created_at,
        why_counted=_why_counted(environment),
        actor_type=_actor_type(_object(deployment, "creator")),
        # `updated_at` moves with every status, of which the deployment itself says nothing: it
        # would pass for newer than the status it does not know.
        emitted_at=created_at,
    )


def deployment_of_statuses(url: str, statuses: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the statuses of one deployment, none of which lacks anything, say of it."""
    in_order = sorted(statuses, key=lambda status: (status["created_at"], str(status.get("id"))))
    newest = in_order[-1]
    repository = _repository(newest)
    finished = next((status for status in in_order if status["state"] in _FINISHED), None)
    logs = [_RUN_OF_LOG.fullmatch(str(status.get("log_url"))) for status in in_order]
    return _known(
        schema="deployment.v1.0",
        provider="github",
        repo=repository,
        deployment_id=url.rpartition("/")[2],
        environment=newest["environment"],
        is_production=_is_production(newest["environment"]),
        status="unknown",
        status_original=newest["state"],
        started_at=in_order[0]["created_at"],
        finished_at=finished["created_at"] if finished else None,
        why_counted=_why_counted(newest["environment"]),
        actor_type=_actor_type(_object(newest, "creator")),
        run_id=next((log[2] for log in logs if log and log[1] == repository), None),
        emitted_at=_text(newest.get("updated_at")) or newest["created_at"],
    )


def _pull_request(pull_request: Mapping[str, Any]) -> dict[str, Any]:
    author = _object(pull_request, "user")
    base = _object(pull_request, "base")
    title = pull_request.get("title")
    merged_at = _text(pull_request.get("merged_at"))
    timeline = _objects(pull_request, "timeline")
    return _known(
        schema="pull_request.v1.0",
        provider="github",
        # Not the head's: a fork may be deleted, and its `repo` is null then.
        repo=_repository(pull_request),
        number=pull_request.get("number"),
        title_sha256=hashlib.sha256(title.encode(errors="replace")).hexdigest() if isinstance(title, str) else None,
        author_type=_actor_type(author),
        is_draft=pull_request.get("draft"),
        base_branch=_text(base.get("ref")),
        opened_at=_text(pull_request.get("created_at")),
        **_history(timeline, author, merged_at),
        merged_at=merged_at,
        closed_at=_text(pull_request.get("closed_at")),
        # Before a merge it is the commit of a test merge, which no branch has.
        merge_commit_sha=_text(pull_request.get("merge_commit_sha")) if merged_at else None,
        # Only an object that was asked for by itself, or sent, counts its lines; one in a list does not.
        additions=pull_request.get("additions"),
        deletions=pull_request.get("deletions"),
        changed_files=pull_request.get("changed_files"),
        emitted_at=_text(pull_request.get("updated_at")),
    )


def _history(timeline: Sequence[Mapping[str, Any]], author: Mapping[str, Any], merged_at: Any) -> dict[str, Any]:
    """
    Return what a pull request's timeline tells, which the API keeps apart from it: its reviews and commits.

    A program's review is no review: nobody waits for it. The approval that counts is the last one before the merge.
    """
    reviews = [
        event
        for event in timeline
        if event.get("event") == "reviewed"
        and isinstance(event.get("submitted_at"), str)
        and _object(event, "user").get("login") != author.get("login")
        and _actor_type(_object(event, "user")) != "bot"
    ]
    approvals = [
        review["submitted_at"]
        for review in reviews
        if str(review.get("state")).lower() == "approved" and not (merged_at and review["submitted_at"] > merged_at)
    ]
    commits = [
        _known(
            sha=event.get("sha"),
            authored_at=_text(_object(event, "author").get("date")),
            committed_at=_text(_object(event, "committer").get("date")),
        )
        for event in timeline
        if event.get("event") == "committed"
    ]
    return {
        "ready_for_review_at": _first(timeline, "ready_for_review", "created_at"),
        "first_review_at": min((review["submitted_at"] for review in reviews), default=None),
        "approved_at": max(approvals, default=None),
        "commits": commits or None,
    }


def _first(timeline: Sequence[Mapping[str, Any]], word: str, moment: str) -> str | None:
    times = [event[moment] for event in timeline if event.get("event") == word and isinstance(event.get(moment), str)]
    return min(times, default=None)


def names_its_artifact(release: Mapping[str, Any]) -> bool:
    """
    Tell whether a release says what was released: it is published, with one file whose digest GitHub knows.

    Of several files none is *the* artifact; a release without any says nothing that could be traced.
    """
    digests = [asset.get("digest") for asset in _objects(release, "assets")]
    return release.get("draft") is not True and len(digests) == 1 and bool(digests[0])


def _release(release: Mapping[str, Any]) -> dict[str, Any]:
    [asset] = _objects(release, "assets")
    commitish = release.get("target_commitish")
    return _known(
        schema="release.v1.0",
        provider="github",
        repo=_repository(release),
        tag=_text(release.get("tag_name")),
        artifact_digest=asset.get("digest"),
        artifact_name=_text(asset.get("name")),
        # It may be a branch, which has moved since.
        commit_sha=commitish if re.fullmatch(r"[0-9a-f]{40}", str(commitish)) else None,
        released_at=_text(release.get("published_at")) or _text(release.get("created_at")),
        is_prerelease=release.get("prerelease"),
        uri=_text(release.get("html_url")),
        emitted_at=_text(asset.get("updated_at")) or _text(release.get("published_at")),
    )


EVENTS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "run": _run,
    "job": _job,
    "deployment": _deployment,
    "pull_request": _pull_request,
    "release": _release,
}
"""By kind, what makes an event of such an object; statuses make one together."""


def _known(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _text(value: Any) -> Any:
    """Return a text, or whatever else stands there for the contract to judge; None for an empty one."""
    return None if value == "" else value


def _id(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


def _object(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _list(holder: Mapping[str, Any], name: str) -> list[Any]:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _objects(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [element for element in _list(holder, name) if isinstance(element, dict)]


def _repository(part: Mapping[str, Any]) -> Any:
    name = _object(part, "repository").get("full_name")
    match = _REPOSITORY.match(part["url"])
    return name or (match.group(1) if match else None)


def _words(part: Mapping[str, Any]) -> str | None:
    """Return `status/conclusion`, or `status` alone while there is no conclusion."""
    return "/".join(str(word) for word in (part.get("status"), part.get("conclusion")) if word) or None


def _is_completed(part: Mapping[str, Any]) -> bool:
    return str(part.get("status")).lower() == "completed"


def _is_default_branch(run: Mapping[str, Any], repository: Any, branch: Any) -> bool | None:
    default = _object(run, "repository").get("default_branch")
    if not default or not branch:
        return None
    # A fork's branch may have the same name.
    return bool(branch == default and _object(run, "head_repository").get("full_name") == repository)


def _actor_type(actor: Mapping[str, Any]) -> str | None:
    return {"Bot": "bot", "User": "human"}.get(str(actor.get("type")))


def _runner_type(job: Mapping[str, Any], labels: list[str]) -> str | None:
    if "self-hosted" in labels:
        return "self-hosted"
    return "hosted" if job.get("runner_group_name") == "GitHub Actions" else None


def _failed_steps(job: Mapping[str, Any]) -> int | None:
    if not isinstance(job.get("steps"), list):
        return None
    return len([step for step in _objects(job, "steps") if step.get("conclusion") == "failure"])


def _is_production(environment: Any) -> bool:
    """Return what GitHub itself takes an environment for, unless it is told otherwise."""
    return bool(environment == "production")


def _why_counted(environment: Any) -> str:
    return f"environment {environment} of GitHub's deployments API"


def _ends_before(started_at: Any, completed_at: Any) -> bool:
    try:
        return is_reversed(started_at, completed_at)
    except (ValueError, TypeError):
        return False  # Not times: the contract says so.
