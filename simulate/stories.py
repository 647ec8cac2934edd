"""
The stories: what happens to whom, when, and where it shows.

This table is the only place that says so. What is simulated asks it (`World.tells`), the command
prints it (`ci-intel simulate --list-stories`), and tests look for each story in what was written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

Span = Callable[[date], tuple[date, date]]

ALWAYS_DAYS = 10_000


@dataclass(frozen=True)
class Story:
    """One story. `span` gives, for the day on which the window ends, its first day and the day after its last."""

    name: str
    repository: str
    span: Span
    mart: str
    text: str

    def when(self, until: date) -> str:
        """Say when it is told, for a window that ends with the beginning of `until`."""
        begins, ends = self.span(until)
        last = ends - timedelta(days=1)
        if begins < until - timedelta(days=ALWAYS_DAYS - 1):
            return "all the time"
        if begins == last:
            return f"{begins}"
        return f"since {begins}" if ends == until else f"{begins} to {last}"


def _days_before(begins: int, ends: int = 0) -> Span:
    return lambda until: (until - timedelta(days=begins), until - timedelta(days=ends))


def _complete_week(before: int) -> Span:
    """Return the week, Monday to Sunday, that lies `before` weeks before the last complete one."""

    def span(until: date) -> tuple[date, date]:
        monday = until - timedelta(days=until.weekday()) - timedelta(weeks=before + 1)
        return monday, monday + timedelta(weeks=1)

    return span


_ALWAYS = _days_before(ALWAYS_DAYS)

STORIES = {
    story.name: story
    for story in (
        Story(
            "exemplary_service",
            "simulated/payments",
            _ALWAYS,
            "dora",
            "Deploys several times a day, and little goes wrong: what green looks like.",
        ),
        Story(
            "passed_drill",
            "simulated/payments",
            _days_before(77, 7),
            "dr_drills",
            "Restores its database every four weeks, within its objectives, and proves it by checksum.",
        ),
        Story(
            "unrepeated_builds",
            "simulated/payments",
            _days_before(35),
            "executive_scorecard",
            "Nobody has built its releases twice for a month: whether builds are reproducible is grey again.",
        ),
        Story(
            "unreproducible_build",
            "simulated/payments",
            _days_before(44, 37),
            "determinism",
            "The release of one Wednesday is built twice and comes out different: it holds the time of its build.",
        ),
        Story(
            "bad_deployment_week",
            "simulated/checkout",
            _complete_week(1),
            "dora",
            "One week in which most deployments fail their users: incidents, rollbacks, hotfixes.",
        ),
        Story(
            "unrehearsed_cause",
            "simulated/checkout",
            _complete_week(1),
            "chaos_coverage",
            "The incidents of that week come from an expired certificate, which no experiment has ever rehearsed.",
        ),
        Story(
            "flaky_suite",
            "simulated/search",
            _days_before(75),
            "flaky_tests",
            "Three tests pass and fail on the same commit; people run the pipeline again and go on.",
        ),
        Story(
            "undecided_transparency_log",
            "simulated/search",
            _days_before(9, 2),
            "artifacts",
            "The transparency log cannot be reached for a week: undecided, which is not verified.",
        ),
        Story(
            "corrupted_cache",
            "simulated/search",
            _days_before(18, 15),
            "cache_integrity",
            "For three days an entry of its build cache is not what the signed manifest says.",
        ),
        Story(
            "incomplete_bundle",
            "simulated/search",
            _days_before(24, 17),
            "release_evidence",
            "The bundle of evidence of one release lacks the SBOM, though there is one.",
        ),
        Story(
            "hollow_tests",
            "simulated/catalog",
            _days_before(80),
            "mutation_effectiveness",
            "Line coverage stays high while the mutation score declines: tests run, and check less and less.",
        ),
        Story(
            "priced_runs",
            "simulated/catalog",
            _ALWAYS,
            "cost_and_carbon",
            "Does not say what its runs cost: they are priced by their minutes, and shown as modelled.",
        ),
        Story(
            "policy_bypass",
            "simulated/catalog",
            _days_before(16, 9),
            "policy_compliance",
            "A week of production deployments about which no policy was asked.",
        ),
        Story(
            "late_signature",
            "simulated/catalog",
            _days_before(30, 23),
            "release_evidence",
            "A week in which artifacts are signed after they went live: that comes too late.",
        ),
        Story(
            "failed_drill",
            "simulated/identity",
            _days_before(15, 14),
            "dr_drills",
            "A restore takes three times as long as promised, and what comes back differs from what was saved.",
        ),
        Story(
            "fragile_service",
            "simulated/identity",
            _ALWAYS,
            "chaos_experiments",
            "Does not recover from most faults that are injected.",
        ),
        Story(
            "slow_review",
            "simulated/identity",
            _ALWAYS,
            "lead_time_stages",
            "Changes wait days for their approval: the review stage says where the time goes.",
        ),
        Story(
            "metered_energy",
            "simulated/identity",
            _ALWAYS,
            "cost_and_carbon",
            "Measures the energy of its own machines: the carbon is that of its region's grid, the cost is unknown.",
        ),
        Story(
            "overridden_canary",
            "simulated/identity",
            _days_before(23, 16),
            "gate_efficacy",
            "Canaries of one Wednesday are rolled back for their errors, and go live to everybody all the same.",
        ),
        Story(
            "unpatched_cve",
            "simulated/media",
            _days_before(60),
            "vulnerability_exposure",
            "A critical vulnerability, known to be exploited, is live far beyond its time limit; a fix is out.",
        ),
        Story(
            "refuted_signature",
            "simulated/media",
            _days_before(14, 7),
            "artifacts",
            "Artifacts of one Wednesday carry a signature of somebody else.",
        ),
        Story(
            "silent_source",
            "simulated/notifications",
            _days_before(20),
            "data_trust",
            "Stops sending evidence. Nothing says that anything is wrong, and that is the finding.",
        ),
        Story(
            "archived_service",
            "simulated/legacy-billing",
            _days_before(45),
            "repositories",
            "Is archived: from then on it has no deployment frequency, rather than one of zero.",
        ),
        Story(
            "native_api_words",
            "simulated/data-platform",
            _ALWAYS,
            "pipeline_runs",
            "Its runs and jobs are read from its provider, in the provider's own words for how they ended.",
        ),
        Story(
            "recovered_by_rerun",
            "simulated/data-platform",
            _ALWAYS,
            "run_health",
            "One run in five fails at first and passes when it is run again, on the same commit.",
        ),
        Story(
            "stale_drill",
            "simulated/data-platform",
            _days_before(100, 99),
            "dr_drills",
            "Its last drill passed, but so long ago that it says nothing any more.",
        ),
        Story(
            "invalid_chaos",
            "simulated/data-platform",
            _ALWAYS,
            "chaos_experiments",
            "Every other experiment starts outside of its steady state, and so says nothing.",
        ),
        Story(
            "unfixed_warning",
            "simulated/data-platform",
            _days_before(30),
            "dbt_nodes",
            "One test of its warehouse warns every morning, and nobody looks.",
        ),
        Story(
            "unfinished_drill",
            "simulated/web-shop",
            _days_before(5, 4),
            "dr_drills",
            "A drill of which only the first steps have arrived.",
        ),
        Story(
            "dependency_bots",
            "simulated/web-shop",
            _ALWAYS,
            "dora",
            "Nearly half of its changes are made by a bot; people and bots are shown apart.",
        ),
        Story(
            "vex_not_affected",
            "simulated/web-shop",
            _days_before(50),
            "vex_coverage",
            "A high vulnerability is reported daily; five days later a VEX statement says, with its reason, "
            "that the product is not affected.",
        ),
        Story(
            "slow_build",
            "simulated/web-shop",
            _days_before(14),
            "job_duration_forecast",
            "The build takes 70 % longer from one day to the next, and stays so.",
        ),
        Story(
            "open_incident",
            "simulated/web-shop",
            _days_before(2, 1),
            "incidents",
            "An incident that nobody has resolved: it must not improve the recovery time by being left out.",
        ),
        Story(
            "superseded_runs",
            "simulated/mobile-app",
            _ALWAYS,
            "run_health",
            "A third of its runs are canceled because a newer push replaced them: no failures.",
        ),
        Story(
            "long_queue",
            "simulated/mobile-app",
            _ALWAYS,
            "queueing",
            "Waits for its few macOS runners, an hour and more when many push at once.",
        ),
        Story(
            "corrected_runs",
            "simulated/mobile-app",
            _ALWAYS,
            "pipeline_runs",
            "Reports each run twice, when it starts and when it is over: one run, of which the newest version counts.",
        ),
        Story(
            "not_deployed",
            "simulated/mobile-app",
            _ALWAYS,
            "dora",
            "Releases to a store and deploys nothing: its change failure ratio is unknown, not zero.",
        ),
        Story(
            "old_contract",
            "simulated/infra",
            _ALWAYS,
            "pipeline_runs",
            "Still sends pipeline_run.v1.2: no attempts, and its own uuid instead of the provider's run id.",
        ),
        Story(
            "missing_provenance",
            "simulated/infra",
            _days_before(12, 5),
            "release_evidence",
            "A week of artifacts without a provenance check: nobody looked, so nothing is verified.",
        ),
        Story(
            "policy_denials",
            "simulated/infra",
            _ALWAYS,
            "policy_compliance",
            "Policies deny one deployment in eight, and exempt some by name; both are counted apart.",
        ),
    )
}
