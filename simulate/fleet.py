"""The repositories of the simulated fleet, and their characters."""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Runner:
    """The machines that a repository's jobs run on. `queue_seconds` is the usual wait for one."""

    label: str
    os: str
    type: str
    cpu: int
    ram_gb: int
    region: str
    queue_seconds: float
    usd_per_minute: float | None
    watts: float | None


LINUX = Runner("ubuntu-24.04", "linux", "hosted", 4, 16, "westeurope", 9, 0.012, None)
# Who hosts it could say what it costs, and does not.
LINUX_UNBILLED = replace(LINUX, usd_per_minute=None)
LINUX_METERED = Runner("ubuntu-24.04", "linux", "hosted", 4, 16, "westeurope", 7, 0.012, 95)
LINUX_OWN = Runner("self-hosted,linux,x64", "linux", "self-hosted", 16, 64, "europe-north1", 25, None, 240)
MACOS = Runner("macos-15", "macos", "hosted", 6, 14, "eastus", 900, 0.08, None)


@dataclass(frozen=True)
class Repository:
    """
    One repository and how it usually fares. What is unusual about it is told by its stories.

    `pushes` and `deployments` are those of a working day, seconds are those of a job with a warm
    cache, `lead_hours` is the usual age of a commit when it reaches users.
    """

    name: str
    team: str
    service: str
    tier: int
    provider: str = "github"
    contract: str = "v1.3"
    deployer: str = "github"
    runner: Runner = LINUX
    pushes: float = 6
    deployments: float = 1
    run_failure: float = 0.08
    rerun_failure: float = 0.03
    superseded: float = 0.05
    change_failure: float = 0.11
    lead_hours: float = 20
    bots: float = 0.08
    jobs: dict[str, int] = field(
        default_factory=lambda: {"lint": 45, "build": 150, "test": 240, "package": 80}, hash=False
    )
    tests: int = 28
    coverage: float = 0.84
    mutation: float = 0.78
    language: str = "python"
    chaos: float = 0.0
    # What its team promises in the catalogue: about as much as it usually keeps.
    thresholds: dict[str, float] = field(
        default_factory=lambda: {"success_ratio": 0.85, "change_failure_ratio": 0.2}, hash=False
    )

    @property
    def short(self) -> str:
        """The name without its owner."""
        return self.name.partition("/")[2]

    @property
    def emits_attempts(self) -> bool:
        """Whether its contract can say that a run was run again."""
        return self.contract != "v1.2"


FLEET = (
    Repository(
        "simulated/payments",
        "payments",
        "payments",
        0,
        deployer="argocd",
        runner=LINUX_METERED,
        pushes=8,
        deployments=3,
        run_failure=0.04,
        rerun_failure=0.01,
        change_failure=0.04,
        lead_hours=5,
        tests=40,
        coverage=0.93,
        mutation=0.91,
        chaos=0.95,
        thresholds={"success_ratio": 0.95, "change_failure_ratio": 0.12, "mutation_score": 0.85},
    ),
    Repository(
        "simulated/checkout",
        "commerce",
        "checkout",
        1,
        pushes=7,
        deployments=2,
        change_failure=0.08,
        lead_hours=10,
        tests=36,
        chaos=0.85,
    ),
    Repository(
        "simulated/search",
        "discovery",
        "search",
        1,
        pushes=6,
        deployments=1.2,
        run_failure=0.06,
        tests=34,
        coverage=0.81,
        mutation=0.74,
        language="java",
        chaos=0.8,
    ),
    Repository(
        "simulated/catalog",
        "discovery",
        "catalog",
        2,
        runner=LINUX_UNBILLED,
        pushes=5,
        deployments=0.9,
        tests=32,
        coverage=0.94,
        mutation=0.86,
    ),
    Repository(
        "simulated/identity",
        "platform",
        "identity",
        0,
        runner=LINUX_OWN,
        pushes=5,
        deployments=0.7,
        change_failure=0.14,
        lead_hours=44,
        mutation=0.71,
        language="java",
        chaos=0.35,
    ),
    Repository(
        "simulated/media",
        "content",
        "media",
        2,
        contract="v1.2",
        pushes=4,
        deployments=0.8,
        run_failure=0.1,
        change_failure=0.13,
        lead_hours=60,
        tests=22,
        coverage=0.66,
        mutation=0.55,
    ),
    Repository(
        "simulated/notifications",
        "growth",
        "notifications",
        2,
        pushes=5,
        deployments=0.9,
        tests=24,
    ),
    Repository(
        "simulated/legacy-billing",
        "payments",
        "legacy-billing",
        3,
        pushes=1.5,
        deployments=0.3,
        run_failure=0.14,
        lead_hours=130,
        tests=20,
        coverage=0.48,
        mutation=0.4,
        language="java",
    ),
    Repository(
        "simulated/data-platform",
        "data",
        "data-platform",
        2,
        provider="gitlab",
        deployer="gitlab",
        runner=LINUX_OWN,
        pushes=6,
        deployments=0.6,
        rerun_failure=0.2,
        lead_hours=70,
        tests=26,
        chaos=0.7,
        jobs={"lint": 60, "build": 210, "test": 520, "package": 120},
    ),
    Repository(
        "simulated/web-shop",
        "commerce",
        "web-shop",
        1,
        pushes=8,
        deployments=1.8,
        lead_hours=16,
        bots=0.45,
        tests=38,
        language="javascript",
        jobs={"lint": 50, "build": 190, "test": 200, "package": 70},
    ),
    Repository(
        "simulated/mobile-app",
        "mobile",
        "mobile-app",
        1,
        runner=MACOS,
        pushes=6,
        deployments=0,
        run_failure=0.11,
        superseded=0.5,
        tests=30,
        coverage=0.72,
        mutation=0.63,
        language="kotlin",
        jobs={"lint": 70, "build": 640, "test": 780},
    ),
    Repository(
        "simulated/infra",
        "platform",
        "infra",
        1,
        contract="v1.2",
        pushes=4,
        deployments=1.1,
        lead_hours=30,
        tests=20,
        coverage=0.7,
        mutation=0.66,
        jobs={"lint": 30, "plan": 120, "test": 90},
    ),
)
