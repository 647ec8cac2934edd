"""
A server that answers as GitHub's API does: pages, ETags, limits, redirects, and whatever else goes wrong on the way.

Its objects have the members that recorded answers have (see `test_shapes.py`); what they say is made up.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import signal
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"
EVIDENCE = "ci-intel-evidence"
BEGIN = datetime(2026, 9, 1, 8, tzinfo=UTC)
NOW = datetime(2026, 10, 15, 12, tzinfo=UTC)
"""What the server takes the time for, so that a test is the same test next year."""
_URLS = [
    "archive",
    "assignees",
    "blobs",
    "branches",
    "collaborators",
    "comments",
    "commits",
    "compare",
    "contents",
    "contributors",
    "deployments",
    "downloads",
    "events",
    "forks",
    "git_commits",
    "git_refs",
    "git_tags",
    "hooks",
    "issue_comment",
    "issue_events",
    "issues",
    "keys",
    "labels",
    "languages",
    "merges",
    "milestones",
    "notifications",
    "pulls",
    "releases",
    "stargazers",
    "statuses",
    "subscribers",
    "subscription",
    "tags",
    "teams",
    "trees",
]


@dataclass(frozen=True)
class Request:
    """What the server was asked."""

    number: int
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    host: str

    @property
    def page(self) -> int:
        """Which page is asked for, from 1."""
        return int(self.query.get("page", 1))


@dataclass(frozen=True)
class Response:
    """What it answers; `is_cut`: it promises more than it sends, and hangs up."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    is_cut: bool = False


Fault = Callable[[Request], Response | None]
"""Looks at a request before the world does; answers in its place, or lets it pass with None."""


def text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def sha(*of: Any) -> str:
    return hashlib.sha1(repr(of).encode(), usedforsecurity=False).hexdigest()


def person(login: str) -> dict[str, Any]:
    kind = "Bot" if login.endswith("[bot]") else "User"
    urls = ("html", "followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events")
    return {
        "login": login,
        "id": int(sha(login)[:6], 16),
        "node_id": "MDQ6VXNlcg==",
        "avatar_url": f"https://avatars.example.org/{login}",
        **{f"{name}_url": f"https://api.example.org/users/{login}/{name}" for name in urls},
        "type": kind,
        "site_admin": False,
    }


@dataclass
class Repo:
    """A repository as the API has it. Objects are kept newest first, as the API lists them."""

    name: str
    id: int = 1
    pushed_at: str = "2026-11-20T10:00:00Z"
    is_archived: bool = False
    runs: list[dict[str, Any]] = field(default_factory=list)
    jobs: Callable[[dict[str, Any]], list[dict[str, Any]]] | None = None
    deployments: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    timelines: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    releases: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    zips: dict[int, bytes] = field(default_factory=dict)
    job_count: int = 3
    _by_id: dict[int, dict[str, Any]] = field(default_factory=dict)

    def run(self, run_id: int) -> dict[str, Any] | None:
        if len(self._by_id) != len(self.runs):
            self._by_id = {one["id"]: one for one in self.runs}
        return self._by_id.get(run_id)

    def about(self, base: str) -> dict[str, Any]:
        name = self.name.partition("/")[2]
        return {
            "id": self.id,
            "node_id": "MDEwOlJlcG9zaXRvcnk=",
            "name": name,
            "full_name": self.name,
            "private": True,
            "owner": person(self.name.partition("/")[0]),
            "html_url": f"https://github.example.org/{self.name}",
            "fork": False,
            "url": f"{base}/repos/{self.name}",
            **{f"{url}_url": f"{base}/repos/{self.name}/{url}" for url in _URLS},
            "archived": self.is_archived,
            "disabled": False,
            "pushed_at": self.pushed_at,
            "default_branch": "main",
        }


def run(
    repo: Repo, run_id: int, created_at: datetime, *, attempts: int = 1, status: str = "completed", **more: Any
) -> dict[str, Any]:
    """Return what a run is kept as; `Server` writes it out as the API does."""
    return {
        "id": run_id,
        "created_at": text(created_at),
        "run_attempt": attempts,
        "status": status,
        "conclusion": ("failure" if run_id % 9 == 0 else "success") if status == "completed" else None,
        "updated_at": text(created_at + timedelta(minutes=12 if attempts == 1 else 60 * attempts)),
        **more,
    }


class World:
    """What there is to be asked for."""

    def __init__(self, *repos: Repo, organisation: Sequence[Repo] = ()) -> None:
        self.repos = {repo.name.lower(): repo for repo in repos}
        self.organisation = list(organisation)
        self.moved: dict[str, str] = {}
        self.base = ""

    def written(self, repo: Repo, kept: Mapping[str, Any], attempt: int | None = None) -> dict[str, Any]:
        """Return a run as the API writes it, or one of its earlier attempts."""
        run_id, newest = kept["id"], kept["run_attempt"]
        number = attempt or newest
        began = datetime.fromisoformat(kept["created_at"]) + timedelta(hours=number - 1)
        url = f"{self.base}/repos/{repo.name}/actions/runs/{run_id}"
        about = repo.about(self.base)
        earlier = number < newest
        return {
            "id": run_id,
            "name": "ci",
            "node_id": "WFR_kwLO",
            "head_branch": "main",
            "head_sha": kept.get("head_sha") or sha(repo.name, run_id),
            "path": ".github/workflows/ci.yml",
            "display_title": f"Change {run_id}",
            "run_number": run_id % 100000 + 1,
            "event": "push",
            "status": "completed" if earlier else kept["status"],
            "conclusion": "failure" if earlier else kept["conclusion"],
            "workflow_id": 77,
            "check_suite_id": run_id * 10,
            "check_suite_node_id": "CS_kwDO",
            "url": f"{url}/attempts/{attempt}" if attempt else url,
            "html_url": f"https://github.example.org/{repo.name}/actions/runs/{run_id}",
            "pull_requests": [],
            "created_at": kept["created_at"],
            "updated_at": text(began + timedelta(minutes=12)) if earlier else kept["updated_at"],
            "actor": person("mona"),
            "run_attempt": number,
            "referenced_workflows": [],
            "run_started_at": text(began),
            "triggering_actor": person("mona"),
            **{f"{name}_url": f"{url}/{name}" for name in ("jobs", "logs", "artifacts", "cancel", "rerun")},
            "check_suite_url": f"{self.base}/repos/{repo.name}/check-suites/{run_id * 10}",
            "previous_attempt_url": f"{url}/attempts/{number - 1}" if number > 1 else None,
            "workflow_url": f"{self.base}/repos/{repo.name}/actions/workflows/77",
            "head_commit": {
                "id": sha(repo.name, run_id),
                "message": f"Change {run_id}",
                "timestamp": kept["created_at"],
            },
            "repository": kept.get("repository") or about,
            "head_repository": about,
        }

    def jobs_of(self, repo: Repo, kept: Mapping[str, Any]) -> list[dict[str, Any]]:
        jobs = []
        for attempt in range(kept["run_attempt"], 0, -1):
            began = datetime.fromisoformat(kept["created_at"]) + timedelta(hours=attempt - 1)
            for number in range(repo.job_count):
                job_id = kept["id"] * 1000 + attempt * 100 + number
                started = began + timedelta(seconds=20 + 7 * number)
                is_done = attempt < kept["run_attempt"] or kept["status"] == "completed"
                url = f"{self.base}/repos/{repo.name}/actions/jobs/{job_id}"
                jobs.append(
                    {
                        "id": job_id,
                        "run_id": kept["id"],
                        "workflow_name": "ci",
                        "head_branch": "main",
                        "run_url": f"{self.base}/repos/{repo.name}/actions/runs/{kept['id']}",
                        "run_attempt": attempt,
                        "node_id": "CR_kwDO",
                        "head_sha": sha(repo.name, kept["id"]),
                        "url": url,
                        "html_url": f"https://github.example.org/{repo.name}/runs/{job_id}",
                        "status": "completed" if is_done else "in_progress",
                        "conclusion": "success" if is_done else None,
                        "created_at": text(began),
                        "started_at": text(started),
                        "completed_at": text(started + timedelta(minutes=4)) if is_done else None,
                        "name": f"job {number}",
                        "steps": [
                            {"name": name, "status": "completed", "conclusion": "success", "number": place}
                            for place, name in enumerate(("Set up job", "Check out", "Test", "Complete job"), 1)
                        ],
                        "check_run_url": f"{self.base}/repos/{repo.name}/check-runs/{job_id}",
                        "labels": ["ubuntu-latest"],
                        "runner_id": 1,
                        "runner_name": "GitHub Actions 1",
                        "runner_group_id": 2,
                        "runner_group_name": "GitHub Actions",
                    }
                )
        return jobs

    def answer(self, request: Request) -> Response:
        """Answer as the API does, limits and failures apart."""
        # An Enterprise server has its API below a path.
        parts = [unquote(part) for part in request.path.removeprefix("/api/v3").strip("/").split("/")]
        if parts[0] == "orgs":
            newest_first = sorted(self.organisation, key=lambda repo: repo.pushed_at, reverse=True)
            return _page(request, [repo.about(self.base) for repo in newest_first])
        if parts[0] == "store":
            return self._stored(request, int(parts[1]))
        if parts[0] != "repos" or len(parts) < 3:
            return _NOT_FOUND
        name = f"{parts[1]}/{parts[2]}".lower()
        if name in self.moved:
            to = f"{self.base}/repos/{self.moved[name]}/{'/'.join(parts[3:])}".rstrip("/")
            return Response(301, json.dumps({"message": "Moved Permanently", "url": to}).encode(), {"Location": to})
        repo = self.repos.get(name)
        return self._of(repo, parts[3:], request) if repo else _NOT_FOUND

    def _of(self, repo: Repo, rest: list[str], request: Request) -> Response:
        match rest:
            case []:
                return _json(repo.about(self.base))
            case ["actions", "runs"]:
                return self._runs(repo, request)
            case ["actions", "runs", run_id, *more]:
                kept = repo.run(int(run_id))
                return self._run(repo, kept, more, request) if kept else _NOT_FOUND
            case ["actions", "artifacts"]:
                return _page(request, repo.artifacts, key="artifacts")
            case ["actions", "artifacts", artifact_id, "zip"]:
                if int(artifact_id) not in repo.zips:
                    return Response(410, b'{"message": "Artifact has expired"}')
                return Response(302, b"", {"Location": f"{self.store}/store/{artifact_id}?signature=secret"})
            case ["deployments"]:
                return _page(request, repo.deployments)
            case ["deployments", deployment_id, "statuses"]:
                if int(deployment_id) not in repo.statuses:
                    return _NOT_FOUND
                return _page(request, repo.statuses[int(deployment_id)])
            case ["pulls"]:
                return _page(request, [_listed(pull) for pull in repo.pulls])
            case ["pulls", number]:
                return _json(next(pull for pull in repo.pulls if str(pull["number"]) == number))
            case ["issues", number, "timeline"]:
                return _page(request, repo.timelines.get(int(number), []))
            case ["releases"]:
                return _page(request, repo.releases)
        return _NOT_FOUND

    store = ""

    def _stored(self, request: Request, artifact_id: int) -> Response:
        if "authorization" in {name.lower() for name in request.headers}:
            return Response(400, b"a store that gets an Authorization header refuses it")
        return next(
            Response(200, repo.zips[artifact_id], {"Content-Type": "application/zip"})
            for repo in self.repos.values()
            if artifact_id in repo.zips
        )

    def _runs(self, repo: Repo, request: Request) -> Response:
        begin, _, end = request.query.get("created", "0001..9999").partition("..")
        found = [one for one in repo.runs if begin <= one["created_at"] <= end]
        shown = found[:1000]
        size = int(request.query.get("per_page", 30))
        page = shown[(request.page - 1) * size : request.page * size]
        return _json({"total_count": len(found), "workflow_runs": [self.written(repo, one) for one in page]})

    def _run(self, repo: Repo, kept: dict[str, Any], more: list[str], request: Request) -> Response:
        match more:
            case []:
                return _json(self.written(repo, kept))
            case ["attempts", number] if 1 <= int(number) <= kept["run_attempt"]:
                return _json(self.written(repo, kept, int(number)))
            case ["jobs"]:
                return _page(request, self.jobs_of(repo, kept), key="jobs")
        return _NOT_FOUND


_NOT_FOUND = Response(404, b'{"message": "Not Found", "documentation_url": "https://docs.example.org"}')


def _listed(pull: Mapping[str, Any]) -> dict[str, Any]:
    """A list of pull requests does not count lines."""
    return {name: value for name, value in pull.items() if name not in ("additions", "deletions", "changed_files")}


def _json(document: Any) -> Response:
    return Response(200, json.dumps(document).encode())


def _page(request: Request, objects: Sequence[Any], key: str | None = None) -> Response:
    size = int(request.query.get("per_page", 30))
    page = [*objects[(request.page - 1) * size : request.page * size]]
    return _json({"total_count": len(objects), key: page} if key else page)


class _Quiet(ThreadingHTTPServer):
    """Says nothing of clients that hang up: those that are killed do."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Server:
    """The server at work; `requests` is what it was asked, in the order in which that came."""

    def __init__(self, world: Any, host: str = "127.0.0.1") -> None:
        self.world = world
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.victim: int | None = None
        self.kills_at: int | None = None
        self.clock_ahead = NOW - datetime.now(UTC)
        self._lock = threading.Lock()
        self._http = _Quiet((host, 0), self._handler())
        self.url = f"http://{host}:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def asked(self, pattern: str) -> list[Request]:
        """Return the requests whose path matches."""
        return [request for request in self.requests if re.search(pattern, request.path)]

    def respond(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Response | None:
        with self._lock:
            request = Request(len(self.requests) + 1, path, query, headers, headers.get("Host", ""))
            self.requests.append(request)
            if self.kills_at is not None and request.number >= self.kills_at and self.victim:
                os.kill(self.victim, signal.SIGKILL)
                self.kills_at = None
                return None
        for fault in [*self.faults]:
            response = fault(request)
            if response is not None:
                return response
        response = self.world.answer(request)
        if response.status != 200 or path.startswith("/store/"):
            return response
        etag = f'W/"{hashlib.sha256(response.body).hexdigest()}"'
        if headers.get("If-None-Match") == etag:
            return Response(304, b"", {"ETag": etag})
        return Response(200, response.body, {**response.headers, "ETag": etag})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body are two writes: the second must not wait for the first one's acknowledgement.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                response = server.respond(parts.path, query, self.headers)
                if response is None:
                    self.close_connection = True
                    return
                self.send_response_only(response.status)
                limits = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4000"}
                headers = {
                    **limits,
                    "Date": format_datetime(datetime.now(UTC) + server.clock_ahead, usegmt=True),
                    **response.headers,
                }
                for name, value in headers.items():
                    self.send_header(name, value)
                if response.status != 304:
                    self.send_header("Content-Length", str(len(response.body) + (100 if response.is_cut else 0)))
                self.end_headers()
                if response.status != 304:
                    self.wfile.write(response.body)
                if response.is_cut:
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@contextmanager
def serving(world: Any) -> Iterator[Server]:
    server = Server(world)
    world.base = server.url
    if hasattr(world, "store"):
        # Another host as far as a client can tell: the port is another.
        world.store = server.url.replace("127.0.0.1", "localhost")
    try:
        yield server
    finally:
        server.close()


def once(matches: str, response: Response, times: int = 1) -> Fault:
    """Answer the first so many requests for such a path with `response`."""
    left = [times]

    def fault(request: Request) -> Response | None:
        if left[0] and re.search(matches, request.path):
            left[0] -= 1
            return response
        return None

    return fault


def limited(server: Server, seconds_until_reset: float) -> Response:
    """Return what GitHub answers when the primary limit is used up."""
    reset = (datetime.now(UTC) + server.clock_ahead).timestamp() + seconds_until_reset
    return Response(
        403,
        b'{"message": "API rate limit exceeded for user ID 1.", "documentation_url": "https://docs.example.org"}',
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(reset))},
    )


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def artifact(
    repo: Repo,
    artifact_id: int,
    run_id: int,
    content: bytes | None,
    *,
    made_at: datetime,
    job: str | None = None,
    attempt: int = 1,
    **more: Any,
) -> None:
    """
    Give a run an artifact; without content it has expired.

    It is named as the action names that of a job and attempt, or without a job as the agreed name alone.
    """
    repo.artifacts.insert(
        0,
        {
            "id": artifact_id,
            "node_id": "MDg6QXJ0aWZhY3Q=",
            "name": f"{EVIDENCE}-{job}-0-{attempt}" if job else EVIDENCE,
            "size_in_bytes": len(content or b""),
            "url": f"https://api.example.org/repos/{repo.name}/actions/artifacts/{artifact_id}",
            "archive_download_url": f"https://api.example.org/repos/{repo.name}/actions/artifacts/{artifact_id}/zip",
            "expired": content is None,
            "created_at": text(made_at),
            "expires_at": text(made_at + timedelta(days=90)),
            "updated_at": text(made_at),
            "digest": f"sha256:{hashlib.sha256(content or b'').hexdigest()}",
            "workflow_run": {
                "id": run_id,
                "repository_id": repo.id,
                "head_repository_id": repo.id,
                "head_branch": "main",
                "head_sha": sha(repo.name, run_id),
            },
            **more,
        },
    )
    if content is not None:
        repo.zips[artifact_id] = content


def shop(
    *,
    runs: int = 40,
    name: str = "acme/shop",
    repo_id: int = 1,
    begin: datetime = BEGIN,
    every: timedelta = timedelta(hours=7),
) -> Repo:
    """Return a repository with some of everything: every tenth run was run again, every seventh was deployed."""
    repo = Repo(name, repo_id)
    for number in range(runs):
        created_at = begin + number * every
        repo.runs.insert(0, run(repo, repo_id * 1_000_000 + number, created_at, attempts=2 if number % 10 == 3 else 1))
        if number % 7 == 0:
            deployed(repo, repo_id * 10_000 + number, repo_id * 1_000_000 + number, created_at + timedelta(minutes=15))
        if number % 9 == 0:
            merged(repo, number + 1, created_at)
    released(repo, 1, "v1.0.0", BEGIN + timedelta(days=3))
    return repo


def deployed(repo: Repo, deployment_id: int, run_id: int, at: datetime) -> None:
    url = f"https://api.example.org/repos/{repo.name}/deployments/{deployment_id}"
    repo.deployments.insert(
        0,
        {
            "url": url,
            "id": deployment_id,
            "node_id": "MDEwOkRlcGxveW1lbnQ=",
            "task": "deploy",
            "original_environment": "production",
            "environment": "production",
            "description": None,
            "created_at": text(at),
            "updated_at": text(at + timedelta(minutes=6)),
            "statuses_url": f"{url}/statuses",
            "repository_url": f"https://api.example.org/repos/{repo.name}",
            "creator": person("mona"),
            "sha": sha(repo.name, run_id),
            "ref": "main",
            "payload": {},
            "transient_environment": False,
            "production_environment": True,
            "performed_via_github_app": None,
        },
    )
    repo.statuses[deployment_id] = [
        {
            "url": f"{url}/statuses/{deployment_id * 10 + place}",
            "id": deployment_id * 10 + place,
            "node_id": "MDE2OkRlcGxveW1lbnRTdGF0dXM=",
            "state": state,
            "creator": person("mona"),
            "description": "",
            "environment": "production",
            "target_url": "",
            "created_at": text(at + timedelta(minutes=3 * place)),
            "updated_at": text(at + timedelta(minutes=3 * place)),
            "deployment_url": url,
            "repository_url": f"https://api.example.org/repos/{repo.name}",
            "environment_url": "",
            "log_url": f"https://github.example.org/{repo.name}/actions/runs/{run_id}/job/1",
            "performed_via_github_app": None,
        }
        for place, state in ((2, "success"), (1, "in_progress"))
    ]


def merged(repo: Repo, number: int, at: datetime) -> None:
    url = f"https://api.example.org/repos/{repo.name}/pulls/{number}"
    repo.pulls.insert(
        0,
        {
            "url": url,
            "id": 315252350 + number,
            "node_id": "MDExOlB1bGxSZXF1ZXN0",
            **{
                f"{name}_url": f"{url}/{name}"
                for name in ("html", "diff", "patch", "issue", "commits", "comments", "statuses")
            },
            "review_comments_url": f"{url}/comments",
            "review_comment_url": f"{url}/comments{{/number}}",
            "number": number,
            "state": "closed",
            "locked": False,
            "title": f"Change {number}",
            "user": person("mona"),
            "body": None,
            "created_at": text(at - timedelta(hours=20)),
            "updated_at": text(at),
            "closed_at": text(at),
            "merged_at": text(at),
            "merge_commit_sha": sha("merge", number),
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "labels": [],
            "milestone": None,
            "head": {"ref": f"change-{number}", "sha": sha("head", number), "repo": None},
            "base": {"ref": "main", "sha": sha("base", number)},
            "_links": {"self": {"href": url}},
            "author_association": "MEMBER",
            "draft": False,
            "additions": 41,
            "deletions": 7,
            "changed_files": 4,
        },
    )
    review = {"id": number, "node_id": "x", "body": "", "pull_request_url": url, "author_association": "MEMBER"}
    repo.timelines[number] = [
        {
            "event": "committed",
            "sha": sha("head", number),
            "author": {"name": "Mona", "email": "mona@example.org", "date": text(at - timedelta(hours=30))},
            "committer": {"name": "Mona", "email": "mona@example.org", "date": text(at - timedelta(hours=29))},
            "message": "Change",
        },
        {"event": "labeled", "created_at": text(at - timedelta(hours=20)), "actor": person("mona")},
        *(
            {**review, "event": "reviewed", "user": person(who), "state": state, "submitted_at": text(at - before)}
            for who, state, before in (
                ("lint[bot]", "commented", timedelta(hours=19)),
                ("ada", "commented", timedelta(hours=9)),
                ("ada", "approved", timedelta(hours=2)),
            )
        ),
    ]


def released(repo: Repo, release_id: int, tag: str, at: datetime, assets: int = 1) -> None:
    repo.releases.insert(
        0,
        {
            "url": f"https://api.example.org/repos/{repo.name}/releases/{release_id}",
            "html_url": f"https://github.example.org/{repo.name}/releases/tag/{tag}",
            "id": release_id,
            "tag_name": tag,
            "target_commitish": "main",
            "name": tag,
            "draft": False,
            "prerelease": False,
            "created_at": text(at),
            "published_at": text(at),
            "author": person("mona"),
            "assets": [
                {
                    "id": place,
                    "name": f"shop-{place}.tar.gz",
                    "digest": f"sha256:{sha(tag, place)}{'0' * 24}",
                    "updated_at": text(at),
                }
                for place in range(assets)
            ],
        },
    )
