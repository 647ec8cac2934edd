"""What a server of GitLab answers, for `replay.Server`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from replay import BEGIN, Request, Response, sha

NAME = "acme/platform/shop"
_NOT_FOUND = Response(404, b'{"message": "404 Project Not Found"}')


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def user(name: str) -> dict[str, Any]:
    return {"id": 7, "username": name, "name": name, "state": "active", "web_url": f"https://gitlab.example.org/{name}"}


@dataclass
class Project:
    """A project as the API has it."""

    name: str = NAME
    is_archived: bool = False
    last_activity_at: str = "2026-10-01T00:00:00.000Z"
    pipelines: list[dict[str, Any]] = field(default_factory=list)
    jobs: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    merge_requests: list[dict[str, Any]] = field(default_factory=list)
    commits: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    notes: dict[int, list[dict[str, Any]]] = field(default_factory=dict)


def pipeline(project: Project, number: int, at: datetime, *, status: str = "success") -> None:
    """Add a pipeline with two jobs, of which the first was retried."""
    url = f"https://gitlab.example.org/{project.name}/-"
    is_done = status not in ("running", "pending")
    done = at + timedelta(minutes=9)
    project.pipelines.append(
        {
            "id": number,
            "iid": number % 1000 + 1,
            "project_id": 33,
            "sha": sha(number),
            "ref": "main",
            "status": status,
            "source": "push",
            "created_at": stamp(at),
            "updated_at": stamp(done),
            "web_url": f"{url}/pipelines/{number}",
            "before_sha": "0" * 40,
            "tag": False,
            "user": user("mona"),
            "started_at": stamp(at + timedelta(seconds=8)),
            "finished_at": stamp(done) if is_done else None,
            "duration": 500,
            "queued_duration": 8,
            "coverage": None,
        }
    )
    project.jobs[number] = [
        {
            "id": number * 10 + place,
            "status": "failed" if place == 0 else status,
            "stage": "test",
            "name": "test" if place < 2 else "lint",
            "ref": "main",
            "tag": False,
            "allow_failure": False,
            "created_at": stamp(at),
            "started_at": stamp(at + timedelta(minutes=place)),
            "finished_at": stamp(at + timedelta(minutes=place + 1)) if is_done or place == 0 else None,
            "duration": 60.0,
            "queued_duration": 2.5,
            "user": user("mona"),
            "commit": {"id": sha(number)},
            "pipeline": {"id": number, "project_id": 33, "sha": sha(number), "ref": "main", "status": status},
            "web_url": f"{url}/jobs/{number * 10 + place}",
            "tag_list": [],
            "runner": {"id": 1, "is_shared": True},
        }
        for place in range(3)
    ]


def deployment(project: Project, number: int, pipeline_id: int, at: datetime) -> None:
    job = project.jobs[pipeline_id][2]
    project.deployments.append(
        {
            "id": number,
            "iid": number,
            "ref": "main",
            "sha": sha(pipeline_id),
            "created_at": stamp(at),
            "updated_at": stamp(at + timedelta(minutes=3)),
            "status": "success",
            "user": user("mona"),
            "environment": {"id": 1, "name": "production", "slug": "production", "tier": "production"},
            "deployable": job,
        }
    )


def merge_request(project: Project, iid: int, at: datetime, *, is_merged: bool = True) -> None:
    note = {"noteable_iid": iid, "noteable_type": "MergeRequest", "updated_at": stamp(at)}
    project.merge_requests.append(
        {
            "id": 90_000 + iid,
            "iid": iid,
            "project_id": 33,
            "title": f"Change {iid}",
            "description": "",
            "state": "merged" if is_merged else "opened",
            "created_at": stamp(at - timedelta(hours=20)),
            "updated_at": stamp(at),
            "merged_at": stamp(at) if is_merged else None,
            "closed_at": None,
            "target_branch": "main",
            "source_branch": f"change-{iid}",
            "author": user("mona"),
            "draft": False,
            "sha": sha("head", iid),
            "merge_commit_sha": sha("merge", iid) if is_merged else None,
            "squash_commit_sha": None,
            "web_url": f"https://gitlab.example.org/{project.name}/-/merge_requests/{iid}",
        }
    )
    project.commits[iid] = [
        {
            "id": sha("head", iid),
            "title": "Change",
            "author_email": "mona@example.org",
            "authored_date": (at - timedelta(hours=30)).isoformat(),
            "committed_date": (at - timedelta(hours=29)).isoformat(),
        }
    ]
    project.notes[iid] = [
        {**note, "id": place, "system": is_system, "body": body, "author": user(who), "created_at": stamp(at - before)}
        for place, (is_system, body, who, before) in enumerate(
            (
                (True, "marked this merge request as **ready**", "mona", timedelta(hours=18)),
                (False, "I will look at it", "mona", timedelta(hours=17)),
                (False, "What of the private key of Ada?", "ada", timedelta(hours=9)),
                (True, "approved this merge request", "ada", timedelta(hours=2)),
            )
        )
    ]


def shop(pipelines: int = 30) -> Project:
    """Return a project with some of everything."""
    project = Project()
    for number in range(pipelines):
        at = BEGIN + timedelta(hours=7 * number)
        pipeline(project, 5000 + number, at)
        if number % 7 == 0:
            deployment(project, number + 1, 5000 + number, at + timedelta(minutes=12))
        if number % 9 == 0:
            merge_request(project, number + 1, at)
    return project


class GitLabWorld:
    """What there is to be asked for."""

    def __init__(self, *projects: Project) -> None:
        self.projects = {project.name: project for project in projects}
        self.base = ""

    def answer(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        if parts[0] == "groups":
            shown = [
                self._about(project)
                for project in self.projects.values()
                if request.query.get("archived") in (None, str(project.is_archived).lower())
            ]
            return _page(request, sorted(shown, key=lambda one: one["last_activity_at"], reverse=True))
        project = self.projects.get(unquote(parts[1])) if parts[0] == "projects" else None
        if project is None:
            return _NOT_FOUND
        match parts[2:]:
            case []:
                return _json(self._about(project))
            case ["pipelines"]:
                known = (
                    "id",
                    "iid",
                    "project_id",
                    "sha",
                    "ref",
                    "status",
                    "source",
                    "created_at",
                    "updated_at",
                    "web_url",
                )
                return _changed(request, [{name: one[name] for name in known} for one in project.pipelines])
            case ["pipelines", number]:
                return _json(next(one for one in project.pipelines if str(one["id"]) == number))
            case ["pipelines", number, "jobs"]:
                jobs = project.jobs[int(number)]
                return _page(request, jobs if request.query.get("include_retried") == "true" else jobs[1:])
            case ["deployments"]:
                return _changed(request, project.deployments)
            case ["merge_requests"]:
                return _changed(request, project.merge_requests)
            case ["merge_requests", iid, "commits"]:
                return _page(request, project.commits[int(iid)])
            case ["merge_requests", iid, "notes"]:
                return _page(request, project.notes[int(iid)])
        return _NOT_FOUND

    @staticmethod
    def _about(project: Project) -> dict[str, Any]:
        return {
            "id": 33,
            "path_with_namespace": project.name,
            "archived": project.is_archived,
            "last_activity_at": project.last_activity_at,
        }


def _changed(request: Request, objects: Sequence[dict[str, Any]]) -> Response:
    after = datetime.fromisoformat(request.query["updated_after"])
    found = [one for one in objects if datetime.fromisoformat(one["updated_at"]) > after]
    return _page(request, sorted(found, key=lambda one: one["updated_at"]))


def _json(document: Any) -> Response:
    return Response(200, json.dumps(document).encode())


def _page(request: Request, objects: Sequence[Any]) -> Response:
    size = int(request.query.get("per_page", 20))
    return _json([*objects[(request.page - 1) * size : request.page * size]])
