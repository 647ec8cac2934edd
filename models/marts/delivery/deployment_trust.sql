-- One row per repository and week (Monday to Sunday, UTC), as in `dora`.
with repository_weeks as (

    select * from {{ ref('dora') }}

),

deployments_with_provenance as (

    select
        *,
        {{ week_of('deployed_at') }} as week_start_date
    from {{ ref('int_deployments_with_provenance') }}
    where deployed_at <= {{ as_of() }}

),

deployment_weeks as (

    select
        repository,
        week_start_date,
        count(*) as judged_deployment_count,
        count(case when provenance_verdict = 'verified' then 1 end) as verified_deployment_count,
        count(case when provenance_verdict = 'refuted' then 1 end) as refuted_deployment_count,
        count(case when provenance_verdict = 'undecided' then 1 end) as undecided_deployment_count,
        count(case when provenance_verdict = 'verified' and is_failed then 1 end) as verified_failed_deployment_count,
        count(case when provenance_verdict != 'verified' and is_failed then 1 end) as unverified_failed_deployment_count
    from deployments_with_provenance
    group by repository, week_start_date

),

repository_week_counts as (

    select
        repository_weeks.repository,
        repository_weeks.week_start_date,
        repository_weeks.is_complete,
        repository_weeks.active_day_count,
        repository_weeks.deployment_count,
        coalesce(deployment_weeks.judged_deployment_count, 0) as judged_deployment_count,
        coalesce(deployment_weeks.verified_deployment_count, 0) as verified_deployment_count,
        coalesce(deployment_weeks.refuted_deployment_count, 0) as refuted_deployment_count,
        coalesce(deployment_weeks.undecided_deployment_count, 0) as undecided_deployment_count,
        coalesce(deployment_weeks.refuted_deployment_count + deployment_weeks.undecided_deployment_count, 0)
            as unverified_deployment_count,
        coalesce(deployment_weeks.verified_failed_deployment_count, 0) as verified_failed_deployment_count,
        coalesce(deployment_weeks.unverified_failed_deployment_count, 0) as unverified_failed_deployment_count,
        repository_weeks.is_simulated
    from repository_weeks
    left join deployment_weeks
        on
            repository_weeks.repository = deployment_weeks.repository
            and repository_weeks.week_start_date = deployment_weeks.week_start_date

),

repository_week_metrics as (

    select
        repository,
        week_start_date,
        is_complete,
        active_day_count,
        deployment_count,
        judged_deployment_count,
        verified_deployment_count,
        refuted_deployment_count,
        undecided_deployment_count,
        unverified_deployment_count,
        {{ safe_ratio('verified_deployment_count', 'judged_deployment_count') }} as verified_deployment_ratio,
        {{ safe_ratio('verified_deployment_count', 'active_day_count') }} as verified_deployment_frequency,
        {{ safe_ratio('unverified_deployment_count', 'active_day_count') }} as unverified_deployment_frequency,
        verified_failed_deployment_count,
        unverified_failed_deployment_count,
        {{ safe_ratio('verified_failed_deployment_count', 'verified_deployment_count') }}
            as verified_change_failure_ratio,
        {{ safe_ratio('unverified_failed_deployment_count', 'unverified_deployment_count') }}
            as unverified_change_failure_ratio,
        is_simulated
    from repository_week_counts

)

select * from repository_week_metrics
