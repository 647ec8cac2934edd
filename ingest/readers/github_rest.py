"""
GitHub's REST API: workflow runs, their jobs, deployments, deployment statuses, pull requests and releases.

A file holds one object, a bare list of them, one page (`{"total_count": …, "workflow_runs": […]}`),
or several of these in a list or one after the other, as `gh api --paginate` writes them with and
without `--slurp`. A pull request may hold its `timeline`, as the API gives it, from which come its
reviews and commits. A release that does not name one artifact makes no event. What becomes of an
object is the business of `ingest/github_objects.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ci_intel.errors import Refused
from ci_intel.identities import canonical
from ingest import github_objects
from ingest.context import RunContext
from ingest.evidence import Evidence
from ingest.readers import Item, Malformed

FORMAT = "github_rest"
VERSION = 3
TOPICS = (*github_objects.TOPICS, "release")
OUTSIDE: tuple[str, ...] = ()
NEEDS: tuple[str, ...] = ()

_PAGES = ("workflow_runs", "jobs")
_PAGE_HEAD = re.compile(rb'\s*\[?\s*\{\s*"total_count"\s*:\s*[0-9]+\s*,\s*"(workflow_runs|jobs)"\s*:')


def recognises(evidence: Evidence) -> bool:
    """Judge by the first object's `url`, or by the keys of a page."""
    if evidence.head.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        document = github_objects.first_document(evidence)
    except Refused:
        return _PAGE_HEAD.match(evidence.head) is not None
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, dict):
        return False
    part = next(_parts(first), None)
    return _page(first) is not None if part is None else github_objects.kind(part[1]) is not None


def read(evidence: Evidence, _context: RunContext) -> Iterator[Item]:
    """Yield an event for each run, job, deployment, pull request, release; the statuses of one deployment make one."""
    statuses: dict[str, list[Mapping[str, Any]]] = {}
    parts = (part for document in github_objects.documents(evidence) for part in _parts(document))
    for pointer, part in parts:
        kind = github_objects.kind(part)
        if kind is None:
            yield Malformed(
                "unknown_object",
                "neither a workflow run nor a job, a deployment, a deployment status, a pull request or a release, "
                "by its `url`",
                pointer,
                canonical(part),
            )
        elif kind == "status":
            missing = github_objects.missing_of_status(part)
            if missing:
                yield Malformed(
                    "incomplete_status",
                    f"a deployment status without {', '.join(missing)} says nothing about its deployment",
                    pointer,
                    canonical(part),
                )
            else:
                statuses.setdefault(part["deployment_url"], []).append(part)
        elif kind != "release" or github_objects.names_its_artifact(part):
            yield github_objects.EVENTS[kind](part)
    for url, of_deployment in statuses.items():
        yield github_objects.deployment_of_statuses(url, of_deployment)


def _parts(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield the objects of a document, each with its JSON pointer."""
    if isinstance(document, list):
        for place, element in enumerate(document):
            for pointer, part in _parts(element):
                yield f"/{place}{pointer}", part
        return
    key = _page(document)
    if key is None:
        yield "", document
        return
    for place, element in enumerate(document[key]):
        yield f"/{key}/{place}", element


def _page(document: Any) -> str | None:
    """Return the key of a page's list, None for what is no page."""
    if not isinstance(document, dict) or "total_count" not in document:
        return None
    return next((key for key in _PAGES if isinstance(document.get(key), list)), None)
