-- One row per metric of delivery, week and origin in which something was counted.
with repository_weeks as (

    select
        week_start_date,
        is_simulated,
        sum(deployment_count) as deployment_count,
        sum(active_day_count) as active_day_count,
        sum(failed_deployment_count) as failed_deployment_count,
        sum(rework_deployment_count) as rework_deployment_count
    from {{ ref('dora') }}
    group by week_start_date, is_simulated

),

deployment_weeks as (

    select
        {{ week_of('deployed_at') }} as week_start_date,
        is_simulated,
        {{ percentile('recovery_time_ms', 0.5) }} as recovery_time_p50_ms,
        count(recovery_time_ms) as recovery_count,
        max(deployed_at) as measured_at
    from {{ ref('deployments') }}
    where deployed_at <= {{ as_of() }}
    group by 1, 2

),

shipped_commits as (

    select
        {{ week_of('deployed_at') }} as week_start_date,
        {{ is_simulated('repository') }} as is_simulated,
        lead_time_ms,
        deployed_at
    from {{ ref('int_deployment_commits_shipped') }}
    where lead_time_ms is not null and deployed_at <= {{ as_of() }}

),

commit_weeks as (

    select
        week_start_date,
        is_simulated,
        {{ percentile('lead_time_ms', 0.5) }} as lead_time_p50_ms,
        count(*) as commit_count,
        max(deployed_at) as measured_at
    from shipped_commits
    group by week_start_date, is_simulated

),

-- Frequency says something only of those who deploy at all: a week counts once a deployment was ever seen.
counted_weeks as (

    select
        repository_weeks.*,
        max(deployment_weeks.measured_at) over (
            partition by repository_weeks.is_simulated
            order by repository_weeks.week_start_date
        ) as measured_at
    from repository_weeks
    left join deployment_weeks
        on
            repository_weeks.week_start_date = deployment_weeks.week_start_date
            and repository_weeks.is_simulated = deployment_weeks.is_simulated

),

trust_weeks as (

    select
        week_start_date,
        is_simulated,
        sum(verified_deployment_count) as verified_deployment_count,
        sum(judged_deployment_count) as deployment_count
    from {{ ref('deployment_trust') }}
    group by week_start_date, is_simulated

),

metric_weeks as (

    select
        'deployment_frequency' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('deployment_count', 'active_day_count') }} as metric_value,
        deployment_count as numerator,
        active_day_count as denominator,
        active_day_count as sample_count,
        measured_at
    from counted_weeks
    where measured_at is not null
    union all
    select
        'change_failure_ratio' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('failed_deployment_count', 'deployment_count') }} as metric_value,
        failed_deployment_count as numerator,
        deployment_count as denominator,
        deployment_count as sample_count,
        measured_at
    from counted_weeks
    where deployment_count > 0
    union all
    select
        'rework_ratio' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('rework_deployment_count', 'deployment_count') }} as metric_value,
        rework_deployment_count as numerator,
        deployment_count as denominator,
        deployment_count as sample_count,
        measured_at
    from counted_weeks
    where deployment_count > 0
    union all
    select
        'verified_deployment_ratio' as metric_id,
        trust_weeks.week_start_date,
        trust_weeks.is_simulated,
        {{ safe_ratio('trust_weeks.verified_deployment_count', 'trust_weeks.deployment_count') }} as metric_value,
        trust_weeks.verified_deployment_count as numerator,
        trust_weeks.deployment_count as denominator,
        trust_weeks.deployment_count as sample_count,
        deployment_weeks.measured_at
    from trust_weeks
    inner join deployment_weeks
        on
            trust_weeks.week_start_date = deployment_weeks.week_start_date
            and trust_weeks.is_simulated = deployment_weeks.is_simulated
    where trust_weeks.deployment_count > 0
    union all
    select
        'recovery_time' as metric_id,
        week_start_date,
        is_simulated,
        recovery_time_p50_ms as metric_value,
        null as numerator,
        null as denominator,
        recovery_count as sample_count,
        measured_at
    from deployment_weeks
    where recovery_count > 0
    union all
    select
        'change_lead_time' as metric_id,
        week_start_date,
        is_simulated,
        lead_time_p50_ms as metric_value,
        null as numerator,
        null as denominator,
        commit_count as sample_count,
        measured_at
    from commit_weeks

)

select * from metric_weeks
