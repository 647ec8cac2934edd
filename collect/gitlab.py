"""
GitLab: pipelines with all their jobs, retried ones too, deployments, and merge requests.

Everything of GitLab's can be asked for by when it last changed, oldest first. So pages are not counted: after each,
the next question begins where the last object ended, and what changes meanwhile moves to the end instead of past us.

Source: GitLab REST API: "Pipelines", "Jobs", "Deployments", "Merge requests", "Commits", "Notes", "Rate limits".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote

import orjson

from ci_intel.moments import utc
from collect.client import Client
from collect.errors import Gone, NoAnswer
from collect.owners import Listing, repositories_in
from collect.positions import Mark
from collect.repository import (
    OVERLAP,
    PAGE,
    Beginning,
    Json,
    Repository,
    as_text,
    batches,
    collect_parts,
    elements_of,
)

PROVIDER = "gitlab"
URL = "https://gitlab.com/api/v4"
TOKENS = ("CI_INTEL_GITLAB_TOKEN", "GITLAB_TOKEN")
PARTS = ("pipelines", "deployments", "merge_requests")
FORMAT = "gitlab_rest"


def authorisation(token: str) -> Mapping[str, str]:
    """Return the header that a request to the API has."""
    return {"PRIVATE-TOKEN": token}


def rights(_path: str) -> str:
    """Return which right reading needs, as GitLab's settings call it."""
    return "the scope read_api, and at least the role Reporter in the project"


def repositories_of(client: Client, group: str, since: datetime, *, most: int, quiet_too: bool) -> list[str]:
    """Return the projects of a group and its subgroups in which something happened since then (`repositories_in`)."""
    archived = "" if quiet_too else "&archived=false"
    listing = Listing(
        f"/groups/{quote(group, safe='')}/projects?include_subgroups=true&with_shared=false{archived}"
        "&order_by=last_activity_at&sort=desc",
        name="path_with_namespace",
        happened_at="last_activity_at",
        what="projects",
        happened="in which something happened",
    )
    return repositories_in(client, group, listing, since, most=most, quiet_too=quiet_too)


def find(client: Client, name: str) -> Json:
    """Return what the API says of a project. Raises `NoAnswer` if it is not there, or not visible."""
    try:
        about: Json = client.get(_path(name), what="projects", where=name).document
    except Gone as reason:
        raise NoAnswer(
            f"{name}: there is no such project, or the token may not see it: it needs {rights('')}"
        ) from reason
    return {**about, "full_name": about.get("path_with_namespace", name)}


def collect(repository: Repository, _about: Json) -> None:
    """Collect the wanted parts of a project."""
    collect_parts(
        repository,
        {
            "pipelines": partial(_pipelines, repository),
            "deployments": partial(_deployments, repository),
            "merge_requests": partial(_merge_requests, repository),
        },
    )


def _pipelines(repository: Repository) -> None:
    path = f"{_path(repository.name)}/pipelines"

    def whole(listed: Json) -> list[bytes]:
        pipeline = repository.get(f"{path}/{listed['id']}", "pipelines").content
        return [pipeline, *repository.all_pages(f"{path}/{listed['id']}/jobs?include_retried=true", "jobs")]

    _collect(repository, "pipelines", f"{path}?", "id", whole)


def _deployments(repository: Repository) -> None:
    _collect(repository, "deployments", f"{_path(repository.name)}/deployments?", "id", lambda one: [orjson.dumps(one)])


def _merge_requests(repository: Repository) -> None:
    path = f"{_path(repository.name)}/merge_requests"

    def whole(request: Json) -> list[bytes]:
        if not request.get("merged_at"):
            return [orjson.dumps(request)]
        commits, notes = (
            [
                one
                for page in repository.all_pages(f"{path}/{request['iid']}/{part}", part.partition("?")[0])
                for one in orjson.loads(page)
            ]
            for part in ("commits", "notes?sort=asc")
        )
        return [orjson.dumps({**request, "commits": commits, "notes": [_without_words(note) for note in notes]})]

    _collect(repository, "merge_requests", f"{path}?state=all&scope=all&", "iid", whole)


def _without_words(note: Json) -> Json:
    """Return a note without what a person wrote: when it was, and by whom, is all that is wanted of it."""
    return note if note.get("system") is True else {name: value for name, value in note.items() if name != "body"}


def _collect(repository: Repository, part: str, path: str, identity: str, whole: Callable[[Json], list[bytes]]) -> None:
    """Collect what has changed of a part: each object with all that belongs to it, as `whole` asks for it."""
    beginning = repository.begin(part, changes_for=OVERLAP)
    for listed in _changed(repository, path, part, beginning):
        known = repository.known(part)
        new = [one for one in listed if known.get(str(one[identity])) != _version(one)]
        for batch in batches(new):
            answers = repository.each(whole, batch)
            taken = [(one, answer) for one, answer in zip(batch, answers, strict=True) if answer is not None]
            repository.summary.counts[part] += len(taken)
            if part == "pipelines":
                repository.summary.counts["jobs"] += sum(
                    len(orjson.loads(page)) for _, answer in taken for page in answer[1:]
                )
            if taken:
                parts = [text for _, answer in taken for text in answer if text.strip() != b"[]"]
                marks = [Mark(part, str(one[identity]), _version(one)) for one, _ in taken]
                what = f"{part.replace('_', ' ')} {batch[0][identity]} to {batch[-1][identity]}"
                repository.load(parts, what, marks, FORMAT)
    repository.done(beginning)


def _changed(repository: Repository, path: str, part: str, beginning: Beginning) -> Iterator[list[Json]]:
    """Yield, page by page, what changed since the beginning, in the order in which it did."""
    after = beginning.since
    number = 1
    while True:
        question = f"{path}order_by=updated_at&sort=asc&updated_after={as_text(after)}&per_page={PAGE}&page={number}"
        found = elements_of(None)(repository.get(question, part.replace("_", " ")).document)
        yield found
        if len(found) < PAGE:
            return
        # A second back: others may have changed in the same one. A page that is all within it is turned instead.
        last = utc(str(found[-1]["updated_at"])) - timedelta(seconds=1)
        after, number = (last, 1) if last.replace(microsecond=0) > after else (after, number + 1)


def _version(one: Json) -> str:
    return f"{one.get('status') or one.get('state')} {one.get('updated_at')}"


def _path(name: str) -> str:
    return f"/projects/{quote(name, safe='')}"
