"""What is said of deployments and incidents: canaries that go on or do not, and root causes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from simulate.delivery import Deployment, Incident, delivered
from simulate.domains.resilience import FAULTS
from simulate.fleet import Repository
from simulate.stories import STORIES
from simulate.world import Event, Sent, World, rfc3339

_WEDNESDAY = 2


def events(world: World, repository: Repository, day: date) -> Iterator[Sent]:
    """Yield the decisions about a day's canaries, and the causes of its incidents once they are understood."""
    delivery = delivered(world, repository, day)
    if repository.name == STORIES["overridden_canary"].repository:
        for deployment in delivery.deployments:
            if deployment.is_production and not deployment.is_rollback:
                yield _canary_decision(world, repository, day, deployment)
    if repository.chaos:
        for place, incident in enumerate(delivery.incidents):
            if incident.resolved is not None:
                yield _finding(world, repository, day, place, incident)


def _canary_decision(world: World, repository: Repository, day: date, deployment: Deployment) -> Sent:
    draws = world.chance(repository, day, f"canary {deployment.id}")
    is_overridden = day.weekday() == _WEDNESDAY and world.tells("overridden_canary", repository, day)
    is_promoted = deployment.is_live and not is_overridden
    decided = deployment.finished - (deployment.finished - deployment.started) / 4
    before = round(draws.uniform(0.0005, 0.002), 5)
    after = round(before * (draws.uniform(0.8, 1.2) if is_promoted else draws.uniform(10, 30)), 5)
    event: Event = {
        "schema": "canary_decision.v1.0",
        "repo": repository.name,
        "commit_sha": deployment.artifact.commit,
        "deployment_id": deployment.id,
        "deployment_provider": repository.deployer,
        "service": repository.service,
        "environment": deployment.environment,
        "subject_digest": deployment.artifact.digest,
        "rollout_step": 1,
        "decision": "promote" if is_promoted else "rollback",
        "reason": "no more errors than before" if is_promoted else "many times the errors of before",
        "window": {"start": rfc3339(deployment.started), "end": rfc3339(decided)},
        "query": 'sum(rate(http_requests_total{code=~"5.."}[1m])) / sum(rate(http_requests_total[1m]))',
        "metrics_uri": "https://metrics.example.org/canary",
        "baseline": {"error_rate": before, "success_rate": round(1 - before, 5), "reqs_per_s": draws.about(300)},
        "canary": {"error_rate": after, "success_rate": round(1 - after, 5), "reqs_per_s": draws.about(30)},
        "recorded_at": rfc3339(decided),
    }
    return Sent(decided, event)


def _finding(world: World, repository: Repository, day: date, place: int, incident: Incident) -> Sent:
    """Return the cause of an incident, found the day after; as a rule it is a fault that experiments inject."""
    draws = world.chance(repository, day, f"cause {place}")
    assert incident.resolved is not None
    found = incident.resolved + timedelta(hours=20, seconds=draws.about(1800))
    category = draws.choice(sorted(FAULTS))
    pattern, suggestion = f"{category}_not_borne", "Read the last experiment with this fault."
    if world.tells("unrehearsed_cause", repository, day):
        category, pattern = "expired_certificate", "certificate_expired"
        suggestion = "Renew certificates by machine, and rehearse the day on which that fails."
    event: Event = {
        "schema": "autopsy_finding.v1.0",
        "repo": repository.name,
        "incident_id": incident.id,
        "incident_provider": "pagerduty",
        "tool": "post-mortem",
        "category": category,
        "pattern": pattern,
        "suggestion": suggestion,
        "severity": "error",
        "confidence": round(draws.uniform(0.6, 0.95), 2),
        "found_at": rfc3339(found),
    }
    return Sent(found, event)
