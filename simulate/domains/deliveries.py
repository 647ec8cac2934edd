"""Deployments, incidents and releases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from simulate.delivery import Artifact, Change, Deployment, Incident, delivered
from simulate.fleet import Repository
from simulate.world import Event, Sent, World, rfc3339

_WEDNESDAY = 2


def events(world: World, repository: Repository, day: date) -> Iterator[Sent]:
    """Yield a day's deployments when they are over, its incidents when they begin and end, and Wednesday's release."""
    delivery = delivered(world, repository, day)
    for deployment in delivery.deployments:
        yield Sent(deployment.finished, _deployment(repository, deployment))
    for incident in delivery.incidents:
        yield Sent(incident.opened, _incident(repository, incident, is_resolved=False))
        if incident.resolved is not None:
            yield Sent(incident.resolved, _incident(repository, incident, is_resolved=True))
    if day.weekday() == _WEDNESDAY and delivery.artifacts:
        yield _release(world, repository, day, delivery.artifacts[0])


def _deployment(repository: Repository, deployment: Deployment) -> Event:
    event: Event = {
        "schema": "deployment.v1.0",
        "deployment_id": deployment.id,
        "provider": repository.deployer,
        "repo": repository.name,
        "service": repository.service,
        "environment": deployment.environment,
        "is_production": deployment.is_production,
        "status": deployment.status,
        "artifact_digest": deployment.artifact.digest,
        "version": deployment.artifact.version,
        "ref": "main",
        "commit_sha": deployment.artifact.commit,
        "strategy": "canary" if repository.tier == 0 and deployment.is_production else "rolling",
        "created_at": rfc3339(deployment.started - timedelta(seconds=20)),
        "started_at": rfc3339(deployment.started),
        "finished_at": rfc3339(deployment.finished),
        "is_rollback": deployment.is_rollback,
        "is_hotfix": deployment.is_hotfix,
        "is_unplanned": deployment.is_rollback or deployment.is_hotfix,
        "why_counted": f"environment {deployment.environment} of the simulated fleet",
        "actor_type": "bot" if deployment.is_bot else "human",
        "emitted_at": rfc3339(deployment.finished),
    }
    if deployment.fixes:
        event["fixes_deployment_id"] = deployment.fixes
    if deployment.incident:
        event["incident_id"] = deployment.incident
    if deployment.changes:
        event["commits"] = [_commit(change) for change in deployment.changes]
    if repository.emits_attempts:
        event |= {"run_id": deployment.run, "run_attempt": 1, "job": "deploy"}
    return event


def _commit(change: Change) -> Event:
    return {
        "sha": change.sha,
        "committed_at": rfc3339(change.committed),
        "authored_at": rfc3339(change.committed - timedelta(minutes=25)),
        "actor_type": "bot" if change.is_bot else "human",
    }


def _incident(repository: Repository, incident: Incident, *, is_resolved: bool) -> Event:
    event: Event = {
        "schema": "incident.v1.0",
        "incident_id": incident.id,
        "provider": "pagerduty",
        "repo": repository.name,
        "service": repository.service,
        "environment": "prod",
        "severity": incident.severity,
        "opened_at": rfc3339(incident.opened),
        "updated_at": rfc3339(incident.opened),
        "uri": f"https://incidents.example.org/{incident.id}",
    }
    if incident.cause is not None:
        event |= {"deployment_id": incident.cause.id, "deployment_provider": repository.deployer}
    if is_resolved and incident.resolved is not None:
        acknowledged = incident.opened + (incident.resolved - incident.opened) / 8
        event |= {
            "acknowledged_at": rfc3339(acknowledged),
            "resolved_at": rfc3339(incident.resolved),
            "updated_at": rfc3339(incident.resolved),
        }
    return event


def _release(world: World, repository: Repository, day: date, artifact: Artifact) -> Sent:
    draws = world.chance(repository, day, "release")
    released = artifact.built + timedelta(hours=3, seconds=draws.about(600))
    year, week, _ = day.isocalendar()
    tag = f"v{year}.{week}.0"
    event: Event = {
        "schema": "release.v1.0",
        "repo": repository.name,
        "tag": tag,
        "artifact_digest": artifact.digest,
        "artifact_name": f"registry.example.org/{repository.name}",
        "commit_sha": artifact.commit,
        "released_at": rfc3339(released),
        "is_prerelease": False,
        "platforms": ["linux/amd64", "linux/arm64"] if repository.runner.os == "linux" else ["android", "ios"],
        "uri": f"https://releases.example.org/{repository.name}/{tag}",
        "provider": repository.provider,
        "emitted_at": rfc3339(released),
    }
    return Sent(released, event)
