"""
GitHub: workflow runs with all their attempts and jobs, deployments and their statuses, pull requests, releases,
and the artifacts in which runs leave their evidence.

A run that changes says so in `updated_at`, but its list knows no such question: it is asked by the day of
creation, over as long as a run may change, and what is unchanged costs nothing (304). Jobs cost one request per run:
there is no question that answers for several.

Source: GitHub REST API, version 2022-11-28: "Workflow runs", "Workflow jobs", "Artifacts", "Deployments", "Pulls",
"Timeline events", "Releases", "Rate limits", "Best practices".
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson

from ci_intel.errors import Refused
from ci_intel.identities import digest_of
from ci_intel.moments import utc
from collect.artifacts import PACKED_BYTES, unpacked
from collect.client import Client
from collect.errors import Gone, NoAnswer
from collect.owners import Listing, repositories_in
from collect.positions import Mark
from collect.repository import (
    BATCH,
    LONGEST_RUN,
    OVERLAP,
    PAGE,
    Beginning,
    Json,
    Repository,
    batches,
    collect_parts,
    elements_of,
)
from collect.store import Fetched
from collect.windows import Window, windows
from ingest.context import RunContext
from ingest.github_objects import names_its_artifact

PROVIDER = "github"
URL = "https://api.github.com"
TOKENS = ("CI_INTEL_GITHUB_TOKEN", "GITHUB_TOKEN")
PARTS = ("runs", "deployments", "pull_requests", "releases", "evidence")
EVIDENCE = "ci-intel-evidence"
FORMAT = "github_rest"

_MOST_ANSWERED = 1000
_TRIES = 3
_COMPLETED = "completed"
_GONE = "gone"
_TOLD_BY_TIMELINE = ("committed", "reviewed", "ready_for_review", "convert_to_draft")
_RIGHTS = (
    (re.compile(r"/repos/[^/]+/[^/]+/actions/"), "the repository permission Actions: read"),
    (re.compile(r"/repos/[^/]+/[^/]+/deployments"), "the repository permission Deployments: read"),
    (re.compile(r"/repos/[^/]+/[^/]+/(?:pulls|issues)"), "the repository permission Pull requests: read"),
    (re.compile(r"/repos/[^/]+/[^/]+/releases"), "the repository permission Contents: read"),
    (re.compile(r"/orgs/"), "to see the organisation's repositories (Metadata: read)"),
)


def authorisation(token: str) -> Mapping[str, str]:
    """Return the headers that a request to the API has."""
    return {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }


def rights(path: str) -> str:
    """Return which right reading `path` needs, as GitHub's settings call it."""
    return next(
        (right for pattern, right in _RIGHTS if pattern.match(path)), "the repository permission Metadata: read"
    )


def repositories_of(client: Client, organisation: str, since: datetime, *, most: int, quiet_too: bool) -> list[str]:
    """Return the repositories of an organisation that were pushed to since then (see `repositories_in`)."""
    listing = Listing(
        f"/orgs/{quote(organisation, safe='')}/repos?type=all&sort=pushed&direction=desc",
        name="full_name",
        happened_at="pushed_at",
        what="repositories",
        happened="that were pushed to",
        hint="; repositories of a person are named with --repository",
    )
    return repositories_in(client, organisation, listing, since, most=most, quiet_too=quiet_too)


def find(client: Client, name: str) -> Json:
    """
    Return what the API says of a repository; its `full_name` is the one it has now.

    Raises `NoAnswer` if it is not there, or not visible.
    """
    try:
        about: Json = client.get(_path(name), what="repositories", where=name).document
    except Gone as reason:
        raise NoAnswer(
            f"{name}: there is no such repository, or the token may not see it: it has to be among the token's "
            "repositories"
        ) from reason
    return about


def collect(repository: Repository, about: Json) -> None:
    """Collect the wanted parts of a repository, of which `about` is what the API says."""
    parts: Mapping[str, Callable[[], None]] = {
        "runs": _Runs(repository).collect,
        "deployments": partial(_deployments, repository),
        "pull_requests": partial(_pull_requests, repository),
        "releases": partial(_releases, repository),
        "evidence": partial(_evidence, repository, about),
    }
    collect_parts(repository, parts)


@dataclass(frozen=True)
class _WholeRun:
    """A run with all that belongs to it: JSON texts, and how many attempts and jobs they hold."""

    parts: Sequence[bytes]
    attempts: int
    jobs: int


class _Runs:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._path = f"{_path(repository.name)}/actions/runs"
        self._collected: set[str] = set()

    def collect(self) -> None:
        beginning = self._repository.begin("runs", changes_for=LONGEST_RUN)
        before = dict(self._repository.known("run"))
        for window in windows(beginning.since, beginning.at, floor=beginning.covered_since):
            self._window(window, beginning)
        self._unfinished(before)
        self._repository.done(beginning)

    def _window(self, window: Window, beginning: Beginning) -> None:
        """Collect the runs that were created in a span of time; one that holds too many is asked for by halves."""
        runs, marks, is_too_much = self._listed(window, beginning)
        halves = window.halves()
        if is_too_much and halves:
            self._repository.commit([], marks)
            for half in halves:
                self._window(half, beginning)
            return
        if is_too_much:
            self._repository.summary.problems.append(
                f"{self._repository.name}: more than {_MOST_ANSWERED:,} runs were created in {window.query}, "
                "and the API shows no more of them"
            )
            marks = []
        known = self._repository.known("run")
        changed = [run for run in runs if known.get(str(run["id"])) != _version(run)]
        self._load(sorted(changed, key=lambda run: (str(run.get("created_at")), run["id"])))
        self._repository.covered(marks)

    def _listed(self, window: Window, beginning: Beginning) -> tuple[list[Json], list[Mark], bool]:
        """
        Return the runs of a span, the marks of its pages, and whether there are more than the API shows.

        A run that is deleted meanwhile moves all that follow one place up, and one of them from a page that is still
        to come to one that was. So all pages have to say the same total, and as many have to be seen, or all is asked
        for once more.
        """
        for attempt in range(_TRIES):
            runs: dict[Any, Json] = {}
            marks: list[Mark] = []
            totals: set[int] = set()
            unchanged = number = 0
            while True:
                number += 1
                path = f"{self._path}?created={window.query}&per_page={PAGE}&page={number}"
                page, found, mark = self._repository.page(
                    path, "runs", elements_of("workflow_runs"), "created_at", is_fresh=beginning.is_fresh or attempt > 0
                )
                marks += [mark] if mark else []
                unchanged += 0 if mark or found else page.count
                runs.update((run["id"], run) for run in found if run.get("id") is not None)
                total = page.total or 0
                totals.add(total)
                if total > _MOST_ANSWERED and (window.halves() or number * PAGE >= _MOST_ANSWERED):
                    return [*runs.values()], marks, True
                if number * PAGE >= total or page.count == 0:
                    break
            if len(totals) == 1 and len(runs) + unchanged >= total:
                return [*runs.values()], marks, False
        # It goes on changing: what was seen is taken, and the pages count as not seen.
        return [*runs.values()], [], False

    def _unfinished(self, before: Mapping[str, str]) -> None:
        """Ask for the runs that were not finished when they were collected, and not listed as changed since."""
        repository = self._repository
        waiting = [
            run_id
            for run_id, version in before.items()
            if version.split(" ")[1] not in (_COMPLETED, _GONE) and run_id not in self._collected
        ]
        for batch in batches(waiting):
            answers = repository.each(self._unless_gone, batch)
            self._load([run for run in answers if run and _version(run) != before[str(run["id"])]])

    def _unless_gone(self, run_id: str) -> Json:
        """Ask for a run. One that was deleted will not be asked for again."""
        try:
            run: Json = self._repository.get(f"{self._path}/{run_id}", "runs").document
        except Gone:
            self._repository.commit([], [Mark("run", run_id, f"0 {_GONE} -")])
            raise
        return run

    def _load(self, runs: Sequence[Json]) -> None:
        repository = self._repository
        for batch in batches(runs):
            answers = repository.each(self._whole, batch)
            parts: list[bytes] = []
            marks: list[Mark] = []
            for run, answer in zip(batch, answers, strict=True):
                self._collected.add(str(run["id"]))
                if answer is None:
                    continue
                parts += answer.parts
                marks.append(Mark("run", str(run["id"]), _version(run)))
                repository.summary.counts.update(runs=1, attempts=answer.attempts, jobs=answer.jobs)
            if parts:
                repository.load(parts, f"runs {batch[0]['id']} to {batch[-1]['id']}", marks, FORMAT)

    def _whole(self, run: Json) -> _WholeRun:
        """Ask for a run's earlier attempts and the jobs of all. Raises `Gone` if it was deleted meanwhile."""
        parts = [orjson.dumps(run)]
        known = self._repository.known("run").get(str(run["id"]), "1").split(" ")[0]
        # An earlier attempt is not listed, and does not change once there is a later one.
        for number in range(max(int(known), 1), int(run.get("run_attempt") or 1)):
            try:
                parts.append(self._repository.get(f"{self._path}/{run['id']}/attempts/{number}", "attempts").content)
            except Gone:
                continue
        attempts = len(parts)
        jobs = 0
        for page in self._repository.all_pages(f"{self._path}/{run['id']}/jobs?filter=all", "jobs", "jobs"):
            jobs += len(elements_of("jobs")(orjson.loads(page)))
            parts.append(page)
        return _WholeRun(parts, attempts, jobs)


def _version(run: Json) -> str:
    return f"{run.get('run_attempt') or 1} {run.get('status')} {run.get('updated_at')}"


def _deployments(repository: Repository) -> None:
    beginning = repository.begin("deployments", changes_for=LONGEST_RUN)
    path = f"{_path(repository.name)}/deployments"
    found, pages = repository.listed(path, "deployments", beginning, moment="created_at")
    known = repository.known("deployment")
    changed = [one for one in reversed(found) if known.get(str(one["id"])) != str(one.get("updated_at"))]
    for batch in batches(changed):
        answers = repository.each(
            lambda one: [*repository.all_pages(f"{path}/{one['id']}/statuses", "deployment statuses")], batch
        )
        parts: list[bytes] = []
        marks = []
        for deployment, statuses in zip(batch, answers, strict=True):
            if statuses is None:
                continue
            parts += [orjson.dumps(deployment), *(page for page in statuses if orjson.loads(page))]
            marks.append(Mark("deployment", str(deployment["id"]), str(deployment.get("updated_at"))))
            repository.summary.counts["deployments"] += 1
        if parts:
            repository.load(parts, f"deployments {batch[0]['id']} to {batch[-1]['id']}", marks, FORMAT)
    repository.covered(pages)
    repository.done(beginning)


def _pull_requests(repository: Repository) -> None:
    beginning = repository.begin("pull_requests", changes_for=OVERLAP)
    path = _path(repository.name)
    found, pages = repository.listed(
        f"{path}/pulls?state=all&sort=updated&direction=desc", "pull requests", beginning, moment="updated_at"
    )
    known = repository.known("pull_request")
    changed = [one for one in reversed(found) if known.get(str(one["number"])) != str(one.get("updated_at"))]

    def whole_of(listed: Json) -> bytes:
        """What a list does not say is asked for once, when it was merged: before, it would be asked for in vain."""
        if not listed.get("merged_at"):
            return orjson.dumps(listed)
        number = listed["number"]
        request = repository.get(f"{path}/pulls/{number}", "pull requests").document
        timeline = [
            event
            for page in repository.all_pages(f"{path}/issues/{number}/timeline", "timelines")
            for event in orjson.loads(page)
            if event.get("event") in _TOLD_BY_TIMELINE
        ]
        return orjson.dumps({**request, "timeline": timeline})

    for batch in batches(changed):
        answers = repository.each(whole_of, batch)
        taken = [(one, answer) for one, answer in zip(batch, answers, strict=True) if answer is not None]
        repository.summary.counts["pull_requests"] += len(taken)
        marks = [Mark("pull_request", str(one["number"]), str(one.get("updated_at"))) for one, _ in taken]
        if taken:
            parts = [answer for _, answer in taken]
            repository.load(parts, f"pull requests {batch[0]['number']} to {batch[-1]['number']}", marks, FORMAT)
    repository.covered(pages)
    repository.done(beginning)


def _releases(repository: Repository) -> None:
    beginning = repository.begin("releases", changes_for=LONGEST_RUN)
    found, pages = repository.listed(f"{_path(repository.name)}/releases", "releases", beginning, moment="created_at")
    known = repository.known("release")
    changed = [
        (release, Mark("release", str(release["id"]), digest_of(release)))
        for release in reversed(found)
        if release.get("draft") is not True and known.get(str(release["id"])) != digest_of(release)
    ]
    for batch in batches(changed):
        repository.summary.counts["releases"] += len(batch)
        repository.summary.counts["releases_without_artifact"] += sum(not names_its_artifact(one) for one, _ in batch)
        parts = [orjson.dumps(release) for release, _ in batch]
        repository.load(
            parts, f"releases {batch[0][0]['id']} to {batch[-1][0]['id']}", [mark for _, mark in batch], FORMAT
        )
    repository.covered(pages)
    repository.done(beginning)


@dataclass(frozen=True)
class _Unpacked:
    """What became of an artifact: files to load, or why there are none."""

    outcome: str
    context: RunContext
    files: Sequence[Fetched] = ()
    refusal: Refused | None = None


def _evidence(repository: Repository, about: Json) -> None:
    """
    Load what runs left behind under the agreed name.

    The run that it belongs to is the one that the API names, never the one that the files do.
    """
    beginning = repository.begin("evidence", changes_for=timedelta(days=1))
    # All of them: GitHub finds whole names only, and each job of a run has an artifact of its own.
    path = f"{_path(repository.name)}/actions/artifacts"
    found, pages = repository.listed(path, "artifacts", beginning, moment="created_at", key="artifacts")
    known = repository.known("artifact")
    new = [one for one in reversed(found) if _is_evidence(one) and str(one["id"]) not in known]
    for batch in batches(new, BATCH // 5):
        with tempfile.TemporaryDirectory(prefix="ci-intel-artifacts-") as folder:
            answers = repository.each(lambda one: _unpack(repository, one, about, Path(folder)), batch)
            for artifact, answer in zip(batch, answers, strict=True):
                if answer is None:
                    continue
                marks = [Mark("artifact", str(artifact["id"]), answer.outcome)]
                repository.summary.counts[f"artifacts_{answer.outcome}"] += 1
                if answer.refusal:
                    repository.refuse(_label(repository, artifact), answer.refusal, answer.context, marks)
                else:
                    repository.commit(answer.files, marks)
    repository.covered(pages)
    repository.done(beginning)


def _is_evidence(artifact: Json) -> bool:
    name = artifact.get("name")
    return name == EVIDENCE or str(name).startswith(f"{EVIDENCE}-")


def _unpack(repository: Repository, artifact: Json, about: Json, folder: Path) -> _Unpacked:
    nobody = RunContext(PROVIDER, repository.name, source="api")
    if artifact.get("expired") is True:
        return _Unpacked("expired", nobody)
    run_id = (artifact.get("workflow_run") or {}).get("id")
    path = _path(repository.name)
    run = repository.get(f"{path}/actions/runs/{run_id}", "runs").document
    context = RunContext(
        PROVIDER,
        repository.name,
        str(run_id),
        _attempt_of(repository, run, utc(artifact["created_at"])),
        run.get("head_sha"),
        source="api",
    )
    try:
        if (run.get("repository") or {}).get("id") != about.get("id"):
            raise Refused("another_repository", f"run {run_id} is none of {repository.name}, says the API")
        files = [*_members(repository, artifact, folder, context, run)]
    except Refused as refusal:
        return _Unpacked("refused", context, refusal=refusal)
    except Gone:
        return _Unpacked("expired", context)
    return _Unpacked("loaded", context, files)


def _members(repository: Repository, artifact: Json, folder: Path, context: RunContext, run: Json) -> Iterator[Fetched]:
    own = folder / str(int(artifact["id"]))
    own.mkdir()
    with tempfile.TemporaryFile() as file:
        repository.client.download(
            f"{_path(repository.name)}/actions/artifacts/{int(artifact['id'])}/zip",
            file,
            limit=PACKED_BYTES,
            what="artifacts",
            where=repository.name,
        )
        members = unpacked(file, own, repository.store.limits, artifact.get("digest"))
    for member in members:
        if repository.client.holds_token(member.path.read_bytes()):
            raise Refused(
                "holds_a_token", f"{member.name} holds the token that it was collected with; revoke that token"
            )
        yield Fetched(
            f"{_label(repository, artifact)}: {member.name}",
            member.path,
            context,
            submitted_by=(run.get("triggering_actor") or run.get("actor") or {}).get("login"),
            made_at=utc(artifact["created_at"]),
        )


def _attempt_of(repository: Repository, run: Json, made_at: datetime) -> int:
    """Return the attempt in which an artifact was made: the last one that had begun by then."""
    newest = int(run.get("run_attempt") or 1)
    for number in range(newest, 1, -1):
        attempt = run
        if number < newest:
            path = f"{_path(repository.name)}/actions/runs/{run['id']}/attempts/{number}"
            attempt = repository.get(path, "attempts").document
        if utc(str(attempt.get("run_started_at") or attempt.get("created_at"))) <= made_at:
            return number
    return 1


def _label(repository: Repository, artifact: Json) -> str:
    run_id = (artifact.get("workflow_run") or {}).get("id")
    return f"{repository.client.host}: {repository.name}: run {run_id}, artifact {artifact['id']}"


def _path(name: str) -> str:
    owner, _, repository = name.partition("/")
    return f"/repos/{quote(owner, safe='')}/{quote(repository, safe='')}"
