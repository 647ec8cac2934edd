"""Which vulnerabilities a repository's components have on a day, and since when they are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from simulate.chance import Chance, chance
from simulate.fleet import Repository
from simulate.stories import STORIES
from simulate.world import World

COMPONENTS = (
    "simulated-http",
    "simulated-json",
    "simulated-yaml",
    "simulated-tls",
    "simulated-images",
    "simulated-queue",
    "simulated-template",
    "simulated-archive",
    "simulated-dates",
    "simulated-ledger",
)
_ECOSYSTEMS = {"python": "pypi", "java": "maven", "javascript": "npm", "kotlin": "maven"}
_LOOK_BACK_WEEKS = 26
# How likely a severity is, its score, and how many days it usually takes until it is patched.
_SEVERITIES = (
    ("critical", 0.08, 9.4, 5),
    ("high", 0.27, 8.1, 12),
    ("medium", 0.4, 5.9, 40),
    ("low", 0.25, 3.1, 70),
)


@dataclass(frozen=True)
class Vulnerability:
    """A vulnerability of one component, live in a repository from `known` until the day `patched`."""

    id: str
    alias: str
    component: str
    severity: str
    score: float
    epss: float
    is_kev: bool
    known: date
    patched: date


def purl(repository: Repository, component: str) -> str:
    """Return the package URL of a component of a repository."""
    return f"pkg:{_ECOSYSTEMS[repository.language]}/{component}@{version(repository, component)}"


def version(repository: Repository, component: str) -> str:
    """Return the version of a component that a repository uses."""
    draws = chance(repository.name, component)
    return f"{1 + int(draws.random() * 4)}.{int(draws.random() * 20)}.{int(draws.random() * 9)}"


def live_vulnerabilities(world: World, repository: Repository, day: date) -> list[Vulnerability]:
    """Return the vulnerabilities that a scan of what is live on a day finds, oldest first."""
    monday = day - timedelta(days=day.weekday())
    found = []
    for back in range(_LOOK_BACK_WEEKS, -1, -1):
        vulnerability = _disclosed(world, repository, monday - timedelta(weeks=back))
        if vulnerability is not None and vulnerability.known <= day < vulnerability.patched:
            found.append(vulnerability)
    return [*_told(world, repository, day), *found]


def _disclosed(world: World, repository: Repository, monday: date) -> Vulnerability | None:
    """Return the vulnerability that becomes known to concern a repository in a week, if there is one."""
    draws = world.chance(repository, monday, "vulnerability")
    if not draws.happens(0.45):
        return None
    severity, score, usual_days = _severity(draws)
    known = monday + timedelta(days=int(draws.random() * 7))
    serial = 10_000 + int(draws.random() * 90_000)
    return Vulnerability(
        f"CVE-2099-{serial}",
        f"GHSA-simu-late-{serial % 10_000:04}",
        draws.choice(COMPONENTS),
        severity,
        score,
        round(draws.uniform(0.001, 0.08), 5),
        is_kev=False,
        known=known,
        patched=known + timedelta(days=draws.about(usual_days)),
    )


def _severity(draws: Chance) -> tuple[str, float, int]:
    roll = draws.random()
    for severity, share, score, days in _SEVERITIES:
        if roll < share:
            return severity, score, days
        roll -= share
    return "low", 3.1, 70


def _told(world: World, repository: Repository, day: date) -> list[Vulnerability]:
    """Return the vulnerabilities that stories are about."""
    told = []
    for story, serial, component, severity, score, epss, is_kev in (
        ("unpatched_cve", "4401", "simulated-images", "critical", 9.8, 0.91, True),
        ("vex_not_affected", "4402", "simulated-template", "high", 8.2, 0.12, False),
    ):
        if world.tells(story, repository, day):
            known, patched = STORIES[story].span(world.until)
            names = f"CVE-2099-{serial}", f"GHSA-simu-late-{serial}"
            told.append(Vulnerability(*names, component, severity, score, epss, is_kev, known, patched))
    return told
