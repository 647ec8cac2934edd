-- One row per repository and day, over the 28 days that end with it.
{{ config(partition_by=partitioned_by('calendar_date')) }}

with deployments as (

    select * from {{ ref('deployments') }}
    where deployed_at <= {{ as_of() }}

),

shipped_commits as (

    select * from {{ ref('int_deployment_commits_shipped') }}
    where deployed_at <= {{ as_of() }}

),

catalogue_entries as (

    select * from {{ ref('int_repositories_with_validity') }}

),

repository_days as (

    {{ repository_days('deployments', 'catalogue_entries') }}

),

-- A window that reaches back before the first day has fewer rows, and so fewer active days.
repository_windows as (

    select
        repository,
        calendar_date,
        count(*) over (
            partition by repository
            order by calendar_date
            rows between 27 preceding and current row
        ) = 28 as has_whole_window,
        count(case when is_active then 1 end) over (
            partition by repository
            order by calendar_date
            rows between 27 preceding and current row
        ) as active_day_count
    from repository_days

),

-- What happened on a day is in the windows of that day and of the 27 after it.
deployment_spans as (

    select
        repository,
        cast(deployed_at as date) as first_date,
        {{ date_plus('cast(deployed_at as date)', 27) }} as last_date,
        is_counted,
        is_production and status = 'unknown' as is_unknown,
        is_counted and actor_type != 'bot' as is_counted_without_bots,
        is_failed,
        is_unrestored,
        is_counted and is_rework as is_counted_rework,
        recovery_time_ms
    from deployments

),

deployments_in_windows as (

    {{ each_day('deployment_spans', 'first_date', 'last_date') }}

),

deployment_windows as (

    select
        repository,
        calendar_date,
        count(case when is_counted then 1 end) as deployment_count,
        count(case when is_counted_without_bots then 1 end) as deployment_without_bots_count,
        count(case when is_unknown then 1 end) as unknown_deployment_count,
        count(case when is_failed then 1 end) as failed_deployment_count,
        count(recovery_time_ms) as recovery_measured_count,
        count(case when is_unrestored then 1 end) as unrestored_deployment_count,
        count(case when is_counted_rework then 1 end) as rework_deployment_count,
        {{ percentile('recovery_time_ms', 0.5) }} as recovery_time_p50_ms
    from deployments_in_windows
    group by repository, calendar_date

),

commit_spans as (

    select
        repository,
        cast(deployed_at as date) as first_date,
        {{ date_plus('cast(deployed_at as date)', 27) }} as last_date,
        lead_time_ms,
        unmeasured_reason
    from shipped_commits

),

commits_in_windows as (

    {{ each_day('commit_spans', 'first_date', 'last_date') }}

),

commit_windows as (

    select
        repository,
        calendar_date,
        count(*) as shipped_commit_count,
        count(lead_time_ms) as measured_commit_count,
        count(case when unmeasured_reason = 'negative' then 1 end) as negative_lead_time_commit_count,
        {{ percentile('lead_time_ms', 0.5) }} as change_lead_time_p50_ms,
        {{ percentile('lead_time_ms', 0.9) }} as change_lead_time_p90_ms
    from commits_in_windows
    group by repository, calendar_date

),

repository_day_counts as (

    select
        repository_windows.repository,
        repository_windows.calendar_date,
        {{ date_plus('repository_windows.calendar_date', -27) }} as window_start_date,
        repository_windows.calendar_date < cast({{ as_of() }} as date) as is_complete,
        repository_windows.has_whole_window,
        repository_windows.active_day_count,
        coalesce(deployment_windows.deployment_count, 0) as deployment_count,
        coalesce(deployment_windows.deployment_without_bots_count, 0) as deployment_without_bots_count,
        coalesce(deployment_windows.unknown_deployment_count, 0) as unknown_deployment_count,
        coalesce(commit_windows.shipped_commit_count, 0) as shipped_commit_count,
        coalesce(commit_windows.measured_commit_count, 0) as measured_commit_count,
        coalesce(commit_windows.negative_lead_time_commit_count, 0) as negative_lead_time_commit_count,
        commit_windows.change_lead_time_p50_ms,
        commit_windows.change_lead_time_p90_ms,
        coalesce(deployment_windows.failed_deployment_count, 0) as failed_deployment_count,
        coalesce(deployment_windows.recovery_measured_count, 0) as recovery_measured_count,
        coalesce(deployment_windows.unrestored_deployment_count, 0) as unrestored_deployment_count,
        deployment_windows.recovery_time_p50_ms,
        coalesce(deployment_windows.rework_deployment_count, 0) as rework_deployment_count
    from repository_windows
    left join deployment_windows
        on
            repository_windows.repository = deployment_windows.repository
            and repository_windows.calendar_date = deployment_windows.calendar_date
    left join commit_windows
        on
            repository_windows.repository = commit_windows.repository
            and repository_windows.calendar_date = commit_windows.calendar_date

),

repository_day_metrics as (

    select
        repository,
        calendar_date,
        window_start_date,
        is_complete,
        has_whole_window,
        active_day_count,
        deployment_count,
        deployment_without_bots_count,
        unknown_deployment_count,
        {{ safe_ratio('deployment_count', 'active_day_count') }} as deployment_frequency,
        {{ safe_ratio('deployment_without_bots_count', 'active_day_count') }} as deployment_frequency_without_bots,
        shipped_commit_count,
        measured_commit_count,
        negative_lead_time_commit_count,
        change_lead_time_p50_ms,
        change_lead_time_p90_ms,
        failed_deployment_count,
        {{ safe_ratio('failed_deployment_count', 'deployment_count') }} as change_failure_ratio,
        recovery_measured_count,
        unrestored_deployment_count,
        recovery_time_p50_ms,
        rework_deployment_count,
        {{ safe_ratio('rework_deployment_count', 'deployment_count') }} as rework_ratio,
        {{ is_simulated('repository') }} as is_simulated
    from repository_day_counts

)

select * from repository_day_metrics
