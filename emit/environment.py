"""
What the CI's own variables say about the run: who, what, since when.

Sources: GitHub, "Variables reference" and "Webhook events and payloads"; GitLab, "Predefined CI/CD
variables reference".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ci_intel.moments import utc
from ingest import context

_PAYLOAD_BYTES = 32 << 20
_BRANCH_OF_PULL_REQUEST = re.compile(r"refs/pull/([0-9]{1,9})/(merge|head)")


@dataclass(frozen=True)
class Job:
    """The job that is running this command; None for what its environment does not tell."""

    name: str | None = None
    id: str | None = None
    started_at: datetime | None = None
    status: str | None = None
    runner_label: str | None = None


@dataclass(frozen=True)
class Surroundings:
    """
    What the environment tells.

    `run` holds fields of `pipeline_run.v1.3`, without those that are unknown. `started_at` is the run's
    start, or the earliest moment that is known to lie in it.
    """

    run: Mapping[str, Any] = field(default_factory=dict)
    job: Job = field(default_factory=Job)
    started_at: datetime | None = None


def surroundings(environment: Mapping[str, str]) -> Surroundings:
    """Return what GitHub Actions or GitLab CI tell a job; nothing on other machines."""
    known = context.from_environment(environment)
    if known.provider == "github":
        return _github(environment, known)
    if known.provider == "gitlab":
        return _gitlab(environment, known)
    return Surroundings()


def _github(environment: Mapping[str, str], known: context.RunContext) -> Surroundings:
    path = Path(environment.get("GITHUB_EVENT_PATH") or "/nonexistent")
    payload = _payload(path)
    pull_request = _object(payload, "pull_request")
    event = environment.get("GITHUB_EVENT_NAME") or None
    branch = environment.get("GITHUB_HEAD_REF") or environment.get("GITHUB_REF_NAME") or None
    run = {
        **_of_run(known),
        "run_number": _whole(environment.get("GITHUB_RUN_NUMBER")),
        "workflow": environment.get("GITHUB_WORKFLOW") or None,
        "event": event,
        "actor": environment.get("GITHUB_TRIGGERING_ACTOR") or environment.get("GITHUB_ACTOR") or None,
        "branch": branch,
        "pr": pull_request.get("number") or _number_in(environment.get("GITHUB_REF")),
        "is_default_branch": _is_default(event, branch, _object(payload, "repository").get("default_branch")),
        "runner_os": {"Linux": "linux", "Windows": "windows", "macOS": "macos"}.get(environment.get("RUNNER_OS", "")),
        "runner_type": {"github-hosted": "hosted", "self-hosted": "self-hosted"}.get(
            environment.get("RUNNER_ENVIRONMENT", "")
        ),
    }
    run["actor_type"] = _actor_type(run["actor"], _object(payload, "sender"))
    # GITHUB_SHA is the merge that GitHub tried; its API calls the head of the branch the run's commit.
    head = _object(pull_request, "head").get("sha")
    if event == "pull_request" and isinstance(head, str):
        run["commit_sha"] = head
    started_at = _written_at(path)
    return Surroundings(_known(run), Job(environment.get("GITHUB_JOB") or None, None, started_at), started_at)


def _gitlab(environment: Mapping[str, str], known: context.RunContext) -> Surroundings:
    source = environment.get("CI_PIPELINE_SOURCE") or None
    branch = environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME") or environment.get("CI_COMMIT_REF_NAME") or None
    actor = environment.get("GITLAB_USER_LOGIN") or None
    run = {
        **_of_run(known),
        "run_number": _whole(environment.get("CI_PIPELINE_IID")),
        "workflow": environment.get("CI_PIPELINE_NAME") or None,
        "event": source,
        "actor": actor,
        "actor_type": _gitlab_actor_type(actor),
        "branch": branch,
        "pr": _whole(environment.get("CI_MERGE_REQUEST_IID")),
        "is_default_branch": _is_default(source, branch, environment.get("CI_DEFAULT_BRANCH")),
        "runner_os": _first_word(environment.get("CI_RUNNER_EXECUTABLE_ARCH"), ("linux", "windows", "darwin")),
    }
    if run["runner_os"] == "darwin":
        run["runner_os"] = "macos"
    job = Job(
        known.job,
        environment.get("CI_JOB_ID") or None,
        _moment(environment.get("CI_JOB_STARTED_AT")),
        environment.get("CI_JOB_STATUS") or None,
    )
    return Surroundings(_known(run), job, _moment(environment.get("CI_PIPELINE_CREATED_AT")) or job.started_at)


def _of_run(known: context.RunContext) -> dict[str, Any]:
    fields = known.event_fields()
    fields.pop("job", None)
    return fields


def _known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _payload(path: Path) -> Mapping[str, Any]:
    """Return the event that started the run, as the runner wrote it; empty if that cannot be read."""
    try:
        if path.stat().st_size > _PAYLOAD_BYTES:
            return {}
        payload = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


def _written_at(path: Path) -> datetime | None:
    """
    Return when the runner wrote the event's file, which is when it began the job.

    No variable of GitHub's says when a job or a run started.
    """
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return None


def _object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def _is_default(event: str | None, branch: str | None, default: Any) -> bool | None:
    """Tell whether a run is of the default branch; a fork's pull request may come from one of the same name."""
    if branch is None or not isinstance(default, str) or not default:
        return None
    return branch == default and not str(event).startswith(("pull_request", "merge_request"))


def _actor_type(actor: str | None, sender: Mapping[str, Any]) -> str | None:
    if actor is None:
        return None
    if actor.endswith("[bot]"):
        return "bot"
    # Who ran it again need not be who caused the event.
    is_sender = sender.get("login") == actor
    return {"Bot": "bot", "User": "human"}.get(str(sender.get("type"))) if is_sender else None


def _gitlab_actor_type(actor: str | None) -> str | None:
    """Return `bot` for GitLab's own name of a project's or group's access token; others are not told apart."""
    return "bot" if actor and re.fullmatch(r"(project|group)_[0-9]+_bot(_[0-9a-f]+)?", actor) else None


def _number_in(ref: str | None) -> int | None:
    match = _BRANCH_OF_PULL_REQUEST.fullmatch(ref or "")
    return int(match.group(1)) if match else None


def _first_word(text: str | None, words: tuple[str, ...]) -> str | None:
    word = (text or "").partition("/")[0]
    return word if word in words else None


def _whole(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"[0-9]{1,15}", text) else None


def _moment(text: str | None) -> datetime | None:
    try:
        return utc(text) if text else None
    except ValueError:
        return None
