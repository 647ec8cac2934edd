"""
GitHub's webhooks: workflow runs, their jobs, deployments, deployment statuses and pull requests.

A file holds one payload, or several one after the other, one a line for instance. What a payload
carries is the object of the REST API, and becomes the same event (`ingest/github_objects.py`): which of
the two ways it came by does not matter, and the newer version counts.

Source: GitHub, "Webhook events and payloads".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ci_intel.errors import Refused
from ci_intel.identities import canonical
from ingest import github_objects
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item, Malformed

FORMAT = "github_webhook"
VERSION = 1
TOPICS = github_objects.TOPICS
OUTSIDE: tuple[str, ...] = ()
NEEDS: tuple[str, ...] = ()

_SUBJECTS = {
    # A status comes with its deployment, so that it is asked first.
    "deployment_status": "status",
    "deployment": "deployment",
    "workflow_run": "run",
    "workflow_job": "job",
    "pull_request": "pull_request",
}
_SUBJECTS_OF_OTHERS = ("review", "comment", "thread", "check_run", "check_suite")


def recognises(evidence: Evidence) -> bool:
    """Judge by the first payload: the object it is about, beside the repository and the sender that all have."""
    if evidence.head.lstrip()[:1] != b"{":
        return False
    try:
        return _subject(github_objects.first_document(evidence)) is not None
    except Refused:
        return False


def read(evidence: Evidence, _context: RunContext) -> Iterator[Item]:
    """Yield the event of each payload's object; a deployment's status brings its deployment along."""
    for place, payload in enumerate(github_objects.documents(evidence)):
        subject = _subject(payload)
        if subject is None:
            yield Malformed(
                "unread_payload",
                "a payload of another event than workflow_run, workflow_job, deployment, deployment_status "
                "and pull_request",
                f"/{place}",
                canonical(payload),
            )
        elif subject == "deployment_status":
            yield from _deployment_and_status(payload, f"/{place}")
        else:
            yield github_objects.EVENTS[_SUBJECTS[subject]](payload[subject])


def _subject(payload: Any) -> str | None:
    """Return the key of the object that a payload is about; None for what is no payload, or about something else."""
    if not isinstance(payload, dict) or not {"repository", "sender"} <= payload.keys():
        return None
    if any(name in payload for name in _SUBJECTS_OF_OTHERS):
        return None
    return next((name for name, kind in _SUBJECTS.items() if github_objects.kind(payload.get(name)) == kind), None)


def _deployment_and_status(payload: Mapping[str, Any], pointer: str) -> Iterator[Item]:
    deployment = payload.get("deployment")
    if not isinstance(deployment, dict) or github_objects.kind(deployment) != "deployment":
        yield Malformed(
            "incomplete_status", "a deployment status without its deployment", pointer, canonical(dict(payload))
        )
        return
    yield github_objects.EVENTS["deployment"](deployment)
    status = payload["deployment_status"]
    if status.get("state") == "inactive":
        # Only that another took its place: how it went itself was sent before.
        return
    # Older payloads leave to the deployment what the API writes into each status.
    whole = {"deployment_url": deployment["url"], "environment": deployment.get("environment"), **status}
    missing = github_objects.missing_of_status(whole)
    if missing:
        yield Malformed(
            "incomplete_status",
            f"a deployment status without {', '.join(missing)} says nothing about its deployment",
            pointer,
            canonical(status),
        )
        return
    event = github_objects.deployment_of_statuses(whole["deployment_url"], [whole])
    # A status that comes alone knows its own moment; the deployment knows the beginning.
    yield event | {"started_at": deployment["created_at"]} if deployment.get("created_at") else event
