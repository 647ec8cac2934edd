"""
The pictures of each domain: what they ask of the marts, and how they are drawn.

Queries sum stored counts or divide two sums, and nothing else; they run on DuckDB and on BigQuery.
Each returns its rows in the order in which they are drawn. `$since` and `$week` are the Mondays of
the first and the last week, `$first_day` the first day of the last four weeks, `$day_after` the day after them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.report import charts, shapes

# A picture of more rows is not read, and makes the page large.
_MOST = 20

_LAST_WEEKS = (
    "is_simulated = $is_simulated and week_start_date between cast($first_day as date) and cast($week as date)"
)
_ALL_WEEKS = "is_simulated = $is_simulated and week_start_date between cast($since as date) and cast($week as date)"


@dataclass(frozen=True)
class Picture:
    """A picture of rows that are its own, rather than the scorecard's."""

    key: str
    title: str
    good: str
    sql: str
    columns: Sequence[str]
    shape: shapes.Shape


@dataclass(frozen=True)
class Domain:
    """A part of the page: one question, the scorecard's metrics that answer it, and further pictures."""

    slug: str
    title: str
    question: str
    metric_ids: Sequence[str]
    pictures: Sequence[Picture]


_DELIVERY = Domain(
    "delivery",
    "Delivery",
    "How fast do changes reach users, and how often do they hurt them?",
    ("deployment_frequency", "change_lead_time", "change_failure_ratio", "recovery_time", "rework_ratio"),
    (
        Picture(
            "deployments_by_week",
            "Production deployments a week",
            "Steady or growing, with next to no failed ones.",
            f"""
            select
                week_start_date,
                sum(deployment_count) - sum(failed_deployment_count) as good_deployment_count,
                sum(failed_deployment_count) as failed_deployment_count
            from marts.dora
            where {_ALL_WEEKS}
            group by week_start_date
            having sum(deployment_count) > 0
            order by week_start_date
            """,
            ("week_start_date", "good_deployment_count", "failed_deployment_count"),
            shapes.stacks(
                {
                    "good_deployment_count": ("no sign of failure", charts.SERIES[0]),
                    "failed_deployment_count": ("failed", charts.BAD),
                },
                at="week_start_date",
            ),
        ),
        Picture(
            "failures_by_repository",
            "Whose deployments fail, last four weeks",
            "No repository stands out.",
            f"""
            select
                repository as name,
                sum(failed_deployment_count) as numerator,
                sum(deployment_count) as denominator,
                sum(failed_deployment_count) / nullif(sum(deployment_count), 0) as value
            from marts.dora
            where {_LAST_WEEKS}
            group by repository
            having sum(deployment_count) > 0
            order by value desc, denominator desc, name
            limit 12
            """,
            ("name", "numerator", "denominator", "value"),
            shapes.bars("ratio", of="deployments failed"),
        ),
    ),
)
_RUNS = Domain(
    "run_health",
    "Run health",
    "Can developers trust a red build, and do they get their answer in time?",
    ("success_ratio", "first_pass_ratio", "queue_time", "budgets_kept_ratio"),
    (
        Picture(
            "runs_by_day",
            "Runs a day by how they ended, last four weeks",
            "Mostly successes; no day on which failures pile up.",
            """
            select
                started_date,
                sum(succeeded_run_count) as succeeded_run_count,
                sum(failed_run_count) + sum(timed_out_run_count) as failed_run_count,
                sum(run_count) - sum(succeeded_run_count) - sum(failed_run_count) - sum(timed_out_run_count)
                    as other_run_count
            from marts.run_health
            where
                is_simulated = $is_simulated
                and started_date >= cast($first_day as date) and started_date < cast($day_after as date)
            group by started_date
            order by started_date
            """,
            ("started_date", "succeeded_run_count", "failed_run_count", "other_run_count"),
            shapes.stacks(
                {
                    "succeeded_run_count": ("succeeded", charts.SERIES[0]),
                    "failed_run_count": ("failed or timed out", charts.BAD),
                    "other_run_count": ("canceled, skipped or unfinished", charts.UNKNOWN),
                },
                at="started_date",
            ),
        ),
        Picture(
            "success_by_repository",
            "Where runs fail, day by day",
            "Pale rows; a dark stretch is a branch that stays broken. An empty day had no run. "
            f"Of many repositories the {_MOST} with the most failures.",
            f"""
            select
                days.repository as name,
                started_date,
                sum(succeeded_run_count) as numerator,
                sum(concluded_run_count) as denominator,
                sum(succeeded_run_count) / nullif(sum(concluded_run_count), 0) as value,
                max(targets.target) as target,
                max(targets.amber_threshold) as amber_threshold
            from marts.run_health as days
            inner join (
                select repository from marts.run_health
                where
                    is_simulated = $is_simulated
                    and started_date >= cast($first_day as date) and started_date < cast($day_after as date)
                group by repository
                order by sum(concluded_run_count) - sum(succeeded_run_count) desc, repository
                limit {_MOST}
            ) as shown on days.repository = shown.repository
            cross join (
                select target, amber_threshold from marts.executive_scorecard
                where
                    metric_id = 'success_ratio' and is_current and is_simulated = $is_simulated
                    and week_start_date = cast($week as date)
            ) as targets
            where
                is_simulated = $is_simulated
                and started_date >= cast($first_day as date) and started_date < cast($day_after as date)
            group by days.repository, started_date
            order by name, started_date
            """,
            ("name", "started_date", "numerator", "denominator", "value"),
            shapes.success_by_day,
        ),
    ),
)
_TESTS = Domain(
    "test_effectiveness",
    "Tests",
    "Would the tests notice a fault, and can their result be believed?",
    ("test_pass_ratio", "flake_ratio", "mutation_score", "mutation_gap"),
    (
        Picture(
            "lines_and_mutants",
            "Code that tests run, and faults they notice",
            "Both dots far to the right and close together: tests that check what they run.",
            """
            select
                repository || ', ' || target as name,
                generated_date,
                line_coverage_ratio,
                mutation_score_ratio
            from marts.mutation_effectiveness
            where
                is_simulated = $is_simulated and mutation_run_id is not null and scope <> 'diff'
                and generated_date >= cast($first_day as date) and generated_date < cast($day_after as date)
            qualify row_number() over (
                partition by repository, target
                order by generated_date desc, scope
            ) = 1
            order by coalesce(line_coverage_ratio, 0) - coalesce(mutation_score_ratio, 0) desc, name
            limit 12
            """,
            ("name", "generated_date", "line_coverage_ratio", "mutation_score_ratio"),
            shapes.lines_and_mutants,
        ),
        Picture(
            "flaky_tests",
            "Tests that pass and fail on the same commit",
            "None: each teaches people to ignore a red build.",
            """
            select
                test_name || ' (' || repository || ')' as name,
                flaky_commit_count as numerator,
                repeated_commit_count as denominator,
                flake_ratio as value
            from marts.flaky_tests
            where is_simulated = $is_simulated and status = 'active'
            order by flake_ratio desc, flaky_commit_count desc, name
            limit 10
            """,
            ("name", "numerator", "denominator", "value"),
            shapes.bars("ratio", of="commits that were tested twice"),
        ),
    ),
)
_SUPPLY_CHAIN = Domain(
    "supply_chain_trust",
    "Supply-chain trust",
    "Is what runs in production what we built, and is it free of known holes?",
    ("trust_ratio", "verified_deployment_ratio", "vulnerability_sla_breaches", "policy_compliance_ratio"),
    (
        Picture(
            "open_vulnerabilities",
            "Open vulnerabilities by severity, now",
            "Nothing beyond its deadline.",
            """
            select
                severity as name,
                sum(case when is_sla_breached then 1 else 0 end) as beyond_count,
                sum(case when sla_days is not null and not is_sla_breached then 1 else 0 end) as within_count,
                sum(case when sla_days is null then 1 else 0 end) as without_count
            from marts.vulnerability_exposure
            where is_simulated = $is_simulated and is_open
            group by severity
            order by
                case severity
                    when 'critical' then 1 when 'high' then 2 when 'medium' then 3 when 'low' then 4 else 5
                end
            """,
            ("name", "beyond_count", "within_count", "without_count"),
            shapes.vulnerabilities,
        ),
        Picture(
            "release_evidence",
            "Evidence of the releases deployed in the last four weeks",
            "Everything that is required was verified before the release went out.",
            """
            select
                evidence_type as name,
                sum(verified_at_deployment_count) as numerator,
                sum(required_at_deployment_count) as denominator,
                sum(verified_at_deployment_count) / nullif(sum(required_at_deployment_count), 0) as value
            from marts.release_evidence
            where
                is_simulated = $is_simulated
                and cast(deployment_started_at as date) >= cast($first_day as date)
                and cast(deployment_started_at as date) < cast($day_after as date)
            group by evidence_type
            having sum(required_at_deployment_count) > 0
            order by value, name
            """,
            ("name", "numerator", "denominator", "value"),
            shapes.bars("ratio", of="verified in time"),
        ),
    ),
)
_RESILIENCE = Domain(
    "resilience",
    "Resilience",
    "Do we recover when something breaks, and have we tried it?",
    ("resilience_ratio", "chaos_coverage_ratio", "drills_met_ratio", "cache_integrity_ratio"),
    (
        Picture(
            "experiments_by_week",
            "Chaos experiments a week by how they ended",
            "Experiments every week, and the system recovers from them.",
            f"""
            select
                week_start_date,
                sum(recovered_experiment_count) as recovered_experiment_count,
                sum(counted_experiment_count) - sum(recovered_experiment_count) as failed_experiment_count,
                count(*) - sum(counted_experiment_count) as other_experiment_count
            from marts.chaos_experiments
            where {_ALL_WEEKS}
            group by week_start_date
            order by week_start_date
            """,
            ("week_start_date", "recovered_experiment_count", "failed_experiment_count", "other_experiment_count"),
            shapes.stacks(
                {
                    "recovered_experiment_count": ("recovered", charts.SERIES[0]),
                    "failed_experiment_count": ("degraded or failed", charts.BAD),
                    "other_experiment_count": ("not counted", charts.UNKNOWN),
                },
                at="week_start_date",
            ),
        ),
        Picture(
            "drills",
            "The newest recovery drill of each kind: how long service was away",
            "Each bar ends before its mark, the objective.",
            """
            select
                case when service = '(none)' then 'drill ' || drill_id else drill || ', ' || service end as name,
                held_at,
                rto_ms,
                rto_objective_ms,
                drill_verdict,
                why
            from marts.dr_drills
            where is_simulated = $is_simulated and is_newest
            order by rto_ms desc, name
            """,
            ("name", "held_at", "rto_ms", "rto_objective_ms", "drill_verdict", "why"),
            shapes.drills,
        ),
    ),
)
_EFFICIENCY = Domain(
    "efficiency",
    "Efficiency",
    "What do pipelines cost, and how much of it is waste?",
    ("cost_per_successful_run", "waste_ratio", "flake_tax_ratio", "carbon_per_run"),
    (
        Picture(
            "cost_by_day",
            "Cost a day in USD, last four weeks",
            "No jump that nobody ordered; the more is measured, the better.",
            """
            select
                started_date,
                sum(cost_usd) - sum(modelled_cost_usd) as measured_cost_usd,
                sum(modelled_cost_usd) as modelled_cost_usd,
                sum(uncosted_run_count) as uncosted_run_count
            from marts.cost_and_carbon
            where
                is_simulated = $is_simulated
                and started_date >= cast($first_day as date) and started_date < cast($day_after as date)
            group by started_date
            having sum(cost_usd) is not null
            order by started_date
            """,
            ("started_date", "measured_cost_usd", "modelled_cost_usd", "uncosted_run_count"),
            shapes.stacks(
                {
                    "measured_cost_usd": ("on a bill", charts.SERIES[0]),
                    "modelled_cost_usd": ("by the price list", charts.SERIES[4]),
                },
                unit="USD",
                at="started_date",
            ),
        ),
        Picture(
            "cost_by_repository",
            "Whose cost it is, last four weeks",
            "What costs most is what is worth most.",
            """
            select
                repository as name,
                sum(cost_usd) as value,
                sum(costed_run_count) as numerator,
                sum(run_count) as denominator
            from marts.cost_and_carbon
            where
                is_simulated = $is_simulated
                and started_date >= cast($first_day as date) and started_date < cast($day_after as date)
            group by repository
            having sum(run_count) > 0
            order by value desc, name
            limit 12
            """,
            ("name", "value", "numerator", "denominator"),
            shapes.bars("USD", of="runs have a known cost"),
        ),
    ),
)
_DATA_TRUST = Domain(
    "data_trust",
    "Data trust",
    "Can these numbers be believed, and who has fallen silent?",
    ("reject_ratio",),
    (
        Picture(
            "freshness",
            "Days since the newest evidence, the topics nearest to their limit",
            "Each bar ends before its mark, after which the topic counts as stale.",
            """
            select
                replace(topic, '_', ' ') as name,
                age_days as value,
                freshness_days,
                status,
                why
            from marts.data_trust
            where is_simulated = $is_simulated and load_count > 0 and topic <> '(none)'
            order by age_days / nullif(freshness_days, 0) desc, name
            limit 12
            """,
            ("name", "value", "freshness_days", "status", "why"),
            shapes.of_statuses("days", "freshness_days"),
        ),
        Picture(
            "silence",
            "Who sends what",
            "Pale rows without a dark cell. A grey one was heard of once and no longer, an empty one never. "
            f"Of many repositories the {_MOST} with the most that is not fresh.",
            f"""
            select
                evidence.repository as name,
                topic,
                status,
                age_days,
                why
            from marts.data_trust_by_repository as evidence
            inner join (
                select repository from marts.data_trust_by_repository
                where is_simulated = $is_simulated and evidence_count > 0
                group by repository
                order by sum(case when status <> 'green' then 1 else 0 end) desc, repository
                limit {_MOST}
            ) as shown on evidence.repository = shown.repository
            where is_simulated = $is_simulated and evidence_count > 0
            order by name, topic
            """,
            ("name", "topic", "status", "age_days", "why"),
            shapes.silence,
        ),
    ),
)
DOMAINS = (_DELIVERY, _RUNS, _TESTS, _SUPPLY_CHAIN, _RESILIENCE, _EFFICIENCY, _DATA_TRUST)
