"""What a repository builds and deploys on a day, and what goes wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from simulate.chance import Chance, commit, digest, number
from simulate.fleet import Repository
from simulate.world import World, moment

_LOOK_BACK_DAYS = 45
_WEDNESDAY = 2


@dataclass(frozen=True)
class Change:
    """A commit on its way to users."""

    sha: str
    committed: datetime
    is_bot: bool


@dataclass(frozen=True)
class Artifact:
    """What was built of a commit, once."""

    digest: str
    version: str
    commit: str
    built: datetime


@dataclass(frozen=True)
class Deployment:
    """One attempt to put an artifact into an environment; `run` numbers the pipeline run that made it."""

    id: str
    environment: str
    artifact: Artifact
    changes: tuple[Change, ...]
    started: datetime
    finished: datetime
    status: str
    run: str
    is_bot: bool = False
    is_denied: bool = False
    is_rollback: bool = False
    is_hotfix: bool = False
    fixes: str | None = None
    incident: str | None = None

    @property
    def is_production(self) -> bool:
        """Whether users are served from its environment."""
        return self.environment == "prod"

    @property
    def is_live(self) -> bool:
        """Whether users met it."""
        return self.is_production and self.status == "success"


@dataclass(frozen=True)
class Incident:
    """What users suffered. `cause` is the deployment it was linked to; without one, its service is all one knows."""

    id: str
    severity: str
    opened: datetime
    resolved: datetime | None
    cause: Deployment | None


@dataclass(frozen=True)
class Delivery:
    """A repository's day: what was built, deployed, and suffered."""

    artifacts: tuple[Artifact, ...]
    deployments: tuple[Deployment, ...]
    incidents: tuple[Incident, ...]


@lru_cache(maxsize=4096)
def delivered(world: World, repository: Repository, day: date) -> Delivery:
    """Return what a repository delivers on a day; on Wednesdays, the days of releases, at least one artifact."""
    if not world.sends(repository, day):
        return Delivery((), (), ())
    chance = world.chance(repository, day, "delivery")
    releases = 1 if day.weekday() == _WEDNESDAY else 0
    mean = repository.deployments * (1 if day.weekday() < 5 else 0.06)
    count = min(max(chance.count(mean), releases), 5)
    if not repository.deployments:
        built = [_artifact(world, repository, day, 0, moment(day, 13))] if releases else []
        return Delivery(tuple(built), (), ())

    artifacts: list[Artifact] = []
    deployments: list[Deployment] = []
    incidents: list[Incident] = []
    for place in range(count):
        # Slots of working hours, so that what goes wrong with one is over before the next.
        starts = moment(day, 8.5 + 10 * place / count + chance.uniform(0, 3 / count))
        artifact = _artifact(world, repository, day, place, starts - timedelta(minutes=chance.uniform(75, 110)))
        artifacts.append(artifact)
        changes = _changes(world, repository, day, place, artifact, chance)
        staging, production = _deployed(world, repository, day, place, artifact, changes, starts, chance)
        deployments += [staging, production]
        if production.is_live and chance.happens(_change_failure(world, repository, day)):
            broken = _failing(world, repository, day, place, production, deployments, chance)
            artifacts += [late.artifact for late in broken.deployments if late.is_hotfix]
            deployments += broken.deployments
            incidents += broken.incidents
    if world.tells("open_incident", repository, day):
        incidents.append(Incident(_name(repository, "incident", day, 90), "SEV2", moment(day, 19.4), None, None))
    return Delivery(tuple(artifacts), tuple(deployments), tuple(incidents))


def live_at(world: World, repository: Repository, at: datetime) -> Artifact:
    """Return the artifact that users of a repository's service meet at a moment."""
    today = _newest_live(delivered(world, repository, at.date()).deployments, at)
    return today or _live_before(world, repository, at.date())


def _live_before(world: World, repository: Repository, day: date) -> Artifact:
    """Return what was live when a day began. It looks at days before the window, too: they have a past."""
    for back in range(1, _LOOK_BACK_DAYS):
        before = day - timedelta(days=back)
        live = _newest_live(delivered(world, repository, before).deployments, moment(day))
        if live is not None:
            return live
    return _artifact(world, repository, day - timedelta(days=_LOOK_BACK_DAYS), 0, moment(day))


def _newest_live(deployments: Iterable[Deployment], at: datetime) -> Artifact | None:
    live = [deployment for deployment in deployments if deployment.is_live and deployment.finished <= at]
    return max(live, key=lambda deployment: deployment.finished).artifact if live else None


def _change_failure(world: World, repository: Repository, day: date) -> float:
    return 0.9 if world.tells("bad_deployment_week", repository, day) else repository.change_failure


def _name(repository: Repository, matter: str, day: date, place: int) -> str:
    return f"simulated-{repository.short}-{matter}-{day:%Y%m%d}-{place:02}"


def _artifact(world: World, repository: Repository, day: date, place: int, built: datetime) -> Artifact:
    return Artifact(
        digest(world.seed, repository.name, day, place),
        f"{day:%Y.%m.%d}.{max(place, 0) + 1}",
        commit(world.seed, repository.name, day, "artifact", place),
        built,
    )


def _changes(
    world: World, repository: Repository, day: date, place: int, artifact: Artifact, chance: Chance
) -> tuple[Change, ...]:
    """Return the commits of an artifact, oldest first; the last is the one it was built of."""
    ages = sorted(repository.lead_hours * chance.triangular(0.1, 2.6, 0.6) for _ in range(1 + chance.count(2)))
    shas = [commit(world.seed, repository.name, day, place, "change", age) for age in range(len(ages) - 1)]
    return tuple(
        Change(sha, artifact.built - timedelta(seconds=int(age * 3600) + 900), chance.happens(repository.bots))
        for sha, age in zip([*shas, artifact.commit], reversed(ages), strict=True)
    )


def _deployed(
    world: World,
    repository: Repository,
    day: date,
    place: int,
    artifact: Artifact,
    changes: tuple[Change, ...],
    starts: datetime,
    chance: Chance,
) -> tuple[Deployment, Deployment]:
    run = str(number(world.seed, repository.name, day, "deploy", place))
    is_bot = changes[-1].is_bot
    staged = starts - timedelta(minutes=chance.uniform(30, 45))
    staging = Deployment(
        _name(repository, "staging", day, place),
        "staging",
        artifact,
        (),
        staged,
        staged + timedelta(seconds=chance.about(150)),
        "success",
        run,
        is_bot,
    )
    is_denied = world.tells("policy_denials", repository, day) and chance.happens(0.12)
    is_broken = is_denied or chance.happens(0.04)
    production = replace(
        staging,
        id=_name(repository, "prod", day, place),
        environment="prod",
        changes=changes,
        started=starts,
        finished=starts + timedelta(seconds=20 if is_denied else chance.about(280)),
        status="failed" if is_broken else "success",
        is_denied=is_denied,
    )
    return staging, production


def _failing(
    world: World,
    repository: Repository,
    day: date,
    place: int,
    failed: Deployment,
    deployments: list[Deployment],
    chance: Chance,
) -> Delivery:
    """Return what follows from a deployment that users suffer from: an incident, a repair, or both."""
    is_bad_week = world.tells("bad_deployment_week", repository, day)
    signal = chance.choice(["linked", "linked", "service", "rollback", "hotfix"])
    repair = chance.choice(["rollback", "hotfix"]) if is_bad_week else signal
    opened = failed.finished + timedelta(seconds=chance.about(600))
    repaired: tuple[Deployment, ...] = ()
    incident_id = _name(repository, "incident", day, place)
    if repair in ("rollback", "hotfix"):
        repaired = (_repair(world, repository, day, place, failed, deployments, repair, chance),)
    if signal in ("rollback", "hotfix") and not is_bad_week:
        return Delivery((), repaired, ())
    if repaired:
        repaired = (replace(repaired[0], incident=incident_id),)
    resolved = repaired[0].finished if repaired else opened + timedelta(seconds=chance.about(3900))
    incident = Incident(
        incident_id,
        chance.choice(["SEV1", "SEV2", "SEV2", "SEV3", "SEV3"]),
        opened,
        resolved + timedelta(seconds=chance.about(240)),
        None if signal == "service" else failed,
    )
    return Delivery((), repaired, (incident,))


def _repair(
    world: World,
    repository: Repository,
    day: date,
    place: int,
    failed: Deployment,
    deployments: list[Deployment],
    kind: str,
    chance: Chance,
) -> Deployment:
    starts = failed.finished + timedelta(minutes=chance.uniform(16, 40))
    common = replace(
        failed,
        id=_name(repository, kind, day, place),
        started=starts,
        finished=starts + timedelta(seconds=chance.about(170)),
        run=str(number(world.seed, repository.name, day, kind, place)),
        is_bot=False,
        fixes=failed.id,
    )
    if kind == "rollback":
        previous = _newest_live(deployments, failed.started) or _live_before(world, repository, day)
        return replace(common, artifact=previous, changes=(), is_rollback=True)
    artifact = _artifact(world, repository, day, place + 50, starts - timedelta(minutes=6))
    fix = Change(artifact.commit, artifact.built - timedelta(minutes=4), is_bot=False)
    return replace(common, artifact=artifact, changes=(fix,), is_hotfix=True)
