-- One row per repository and week (Monday to Sunday, UTC), from the first that is known of it to the current one.
with deployments as (

    select * from {{ ref('deployments') }}

),

shipped_commits as (

    select * from {{ ref('int_deployment_commits_shipped') }}

),

catalogue_entries as (

    select * from {{ ref('int_repositories_with_validity') }}

),

bands as (

    select * from {{ ref('dora_bands') }}

),

repository_days as (

    {{ repository_days('deployments', 'catalogue_entries') }}

),

repository_weeks as (

    select
        repository,
        {{ week_of('calendar_date') }} as week_start_date,
        count(case when is_active then 1 end) as active_day_count
    from repository_days
    group by 1, 2

),

deployment_weeks as (

    select
        repository,
        {{ week_of('deployed_at') }} as week_start_date,
        count(case when is_counted then 1 end) as deployment_count,
        count(case when is_counted and actor_type != 'bot' then 1 end) as deployment_without_bots_count,
        count(case when is_production and status = 'unknown' then 1 end) as unknown_deployment_count,
        count(case when is_failed then 1 end) as failed_deployment_count,
        count(case when is_failed and not is_unrestored then 1 end) as restored_deployment_count,
        count(recovery_time_ms) as recovery_measured_count,
        count(case when is_unrestored then 1 end) as unrestored_deployment_count,
        min(case when is_unrestored then deployed_at end) as oldest_unrestored_at,
        {{ percentile('recovery_time_ms', 0.5) }} as recovery_time_p50_ms,
        count(case when is_counted and is_rework then 1 end) as rework_deployment_count
    from deployments
    where deployed_at <= {{ as_of() }}
    group by 1, 2

),

commit_weeks as (

    select
        repository,
        {{ week_of('deployed_at') }} as week_start_date,
        count(*) as shipped_commit_count,
        count(lead_time_ms) as measured_commit_count,
        count(case when actor_type != 'bot' then lead_time_ms end) as measured_commit_without_bots_count,
        count(case when unmeasured_reason = 'negative' then 1 end) as negative_lead_time_commit_count,
        count(case when unmeasured_reason = 'no_predecessor' then 1 end) as first_deployment_commit_count,
        {{ percentile('lead_time_ms', 0.5) }} as change_lead_time_p50_ms,
        {{ percentile('lead_time_ms', 0.9) }} as change_lead_time_p90_ms,
        {{ percentile("case when actor_type != 'bot' then lead_time_ms end", 0.5) }}
            as change_lead_time_without_bots_p50_ms,
        {{ percentile("case when actor_type != 'bot' then lead_time_ms end", 0.9) }}
            as change_lead_time_without_bots_p90_ms
    from shipped_commits
    where deployed_at <= {{ as_of() }}
    group by 1, 2

),

repository_week_counts as (

    select
        repository_weeks.repository,
        repository_weeks.week_start_date,
        repository_weeks.active_day_count,
        {{ date_plus('repository_weeks.week_start_date', 7) }} <= cast({{ as_of() }} as date) as is_complete,

        coalesce(deployment_weeks.deployment_count, 0) as deployment_count,
        coalesce(deployment_weeks.deployment_without_bots_count, 0) as deployment_without_bots_count,
        coalesce(deployment_weeks.unknown_deployment_count, 0) as unknown_deployment_count,

        coalesce(commit_weeks.shipped_commit_count, 0) as shipped_commit_count,
        coalesce(commit_weeks.measured_commit_count, 0) as measured_commit_count,
        coalesce(commit_weeks.measured_commit_without_bots_count, 0) as measured_commit_without_bots_count,
        coalesce(commit_weeks.negative_lead_time_commit_count, 0) as negative_lead_time_commit_count,
        coalesce(commit_weeks.first_deployment_commit_count, 0) as first_deployment_commit_count,
        commit_weeks.change_lead_time_p50_ms,
        commit_weeks.change_lead_time_p90_ms,
        commit_weeks.change_lead_time_without_bots_p50_ms,
        commit_weeks.change_lead_time_without_bots_p90_ms,

        coalesce(deployment_weeks.failed_deployment_count, 0) as failed_deployment_count,
        coalesce(deployment_weeks.restored_deployment_count, 0) as restored_deployment_count,
        coalesce(deployment_weeks.recovery_measured_count, 0) as recovery_measured_count,
        coalesce(deployment_weeks.unrestored_deployment_count, 0) as unrestored_deployment_count,
        {{ dbt.datediff('deployment_weeks.oldest_unrestored_at', as_of(), 'millisecond') }}
            as oldest_unrestored_age_ms,
        deployment_weeks.recovery_time_p50_ms,

        coalesce(deployment_weeks.rework_deployment_count, 0) as rework_deployment_count

    from repository_weeks
    left join deployment_weeks
        on
            repository_weeks.repository = deployment_weeks.repository
            and repository_weeks.week_start_date = deployment_weeks.week_start_date
    left join commit_weeks
        on
            repository_weeks.repository = commit_weeks.repository
            and repository_weeks.week_start_date = commit_weeks.week_start_date

),

repository_week_metrics as (

    select
        repository_week_counts.*,
        {{ safe_ratio('deployment_count', 'active_day_count') }} as deployment_frequency,
        {{ safe_ratio('deployment_without_bots_count', 'active_day_count') }} as deployment_frequency_without_bots,
        {{ safe_ratio('failed_deployment_count', 'deployment_count') }} as change_failure_ratio,
        {{ safe_ratio('rework_deployment_count', 'deployment_count') }} as rework_ratio,
        case
            when measured_commit_count > 0 then null
            when deployment_count = 0 then 'no_deployment'
            when shipped_commit_count = 0 then 'no_commits'
            when first_deployment_commit_count > 0 then 'no_predecessor'
            when negative_lead_time_commit_count > 0 then 'negative'
            else 'no_times'
        end as change_lead_time_unmeasured_reason
    from repository_week_counts

),

-- One row per banded metric of a week: BigQuery joins no band to a row by comparing alone.
banded_metrics as (

    select
        repository,
        week_start_date,
        'deployment_frequency' as metric_id,
        deployment_frequency as metric_value
    from repository_week_metrics
    union all
    select
        repository,
        week_start_date,
        'change_lead_time' as metric_id,
        change_lead_time_p50_ms as metric_value
    from repository_week_metrics
    union all
    select
        repository,
        week_start_date,
        'change_failure_ratio' as metric_id,
        change_failure_ratio as metric_value
    from repository_week_metrics
    union all
    select
        repository,
        week_start_date,
        'recovery_time' as metric_id,
        recovery_time_p50_ms as metric_value
    from repository_week_metrics

),

repository_week_bands as (

    select
        banded_metrics.repository,
        banded_metrics.week_start_date,
        max(case when bands.metric_id = 'deployment_frequency' then bands.band end) as deployment_frequency_band,
        max(case when bands.metric_id = 'change_lead_time' then bands.band end) as change_lead_time_band,
        max(case when bands.metric_id = 'change_failure_ratio' then bands.band end) as change_failure_band,
        max(case when bands.metric_id = 'recovery_time' then bands.band end) as recovery_time_band
    from banded_metrics
    inner join bands
        on
            banded_metrics.metric_id = bands.metric_id
            and banded_metrics.metric_value >= bands.at_least
            and (bands.below is null or banded_metrics.metric_value < bands.below)
    group by banded_metrics.repository, banded_metrics.week_start_date

),

repository_weeks_with_bands as (

    select
        repository_week_metrics.repository,
        repository_week_metrics.week_start_date,
        repository_week_metrics.is_complete,
        repository_week_metrics.active_day_count,

        repository_week_metrics.deployment_count,
        repository_week_metrics.deployment_without_bots_count,
        repository_week_metrics.unknown_deployment_count,
        repository_week_metrics.deployment_frequency,
        repository_week_metrics.deployment_frequency_without_bots,
        repository_week_bands.deployment_frequency_band,

        repository_week_metrics.shipped_commit_count,
        repository_week_metrics.measured_commit_count,
        repository_week_metrics.measured_commit_without_bots_count,
        repository_week_metrics.negative_lead_time_commit_count,
        repository_week_metrics.first_deployment_commit_count,
        repository_week_metrics.change_lead_time_p50_ms,
        repository_week_metrics.change_lead_time_p90_ms,
        repository_week_metrics.change_lead_time_without_bots_p50_ms,
        repository_week_metrics.change_lead_time_without_bots_p90_ms,
        repository_week_metrics.change_lead_time_unmeasured_reason,
        repository_week_bands.change_lead_time_band,

        repository_week_metrics.failed_deployment_count,
        repository_week_metrics.change_failure_ratio,
        repository_week_bands.change_failure_band,

        repository_week_metrics.restored_deployment_count,
        repository_week_metrics.recovery_measured_count,
        repository_week_metrics.unrestored_deployment_count,
        repository_week_metrics.oldest_unrestored_age_ms,
        repository_week_metrics.recovery_time_p50_ms,
        repository_week_bands.recovery_time_band,

        repository_week_metrics.rework_deployment_count,
        repository_week_metrics.rework_ratio,

        {{ is_simulated('repository_week_metrics.repository') }} as is_simulated

    from repository_week_metrics
    left join repository_week_bands
        on
            repository_week_metrics.repository = repository_week_bands.repository
            and repository_week_metrics.week_start_date = repository_week_bands.week_start_date

)

select * from repository_weeks_with_bands
