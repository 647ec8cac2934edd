-- One row per repository × runner label × day on which its jobs were queued.
{{ config(
    materialized='incremental',
    incremental_strategy=replacing_dates(),
    partition_by=partitioned_by('queued_date'),
    on_schema_change='append_new_columns'
) }}
{%- set dates = dates_of_changed_runs() %}
{{ says_dates('queued_date', dates) }}

with jobs as (

    select
        repository,
        coalesce(runner_label, machine_class, '(none)') as runner_label,
        queued_date,
        queued_at,
        job_status,
        -- Whoever says when it was queued would say when it started.
        queued_at is not null and started_at is null as is_unstarted,
        case when job_status not in ('canceled', 'skipped') then queue_ms end as wait_ms,
        _seen_change,
        _words_fingerprint
    from {{ ref('pipeline_jobs') }}
    -- A job that was skipped asked for no runner.
    where
        not is_carried_over
        and job_status <> 'skipped'
        and {{ in_dates('queued_date', dates) }}

),

queued_jobs as (

    select
        *,
        {{ dbt.datediff('cast(cast(queued_at as date) as timestamp)', 'queued_at', 'hour') }} as queued_hour
    from jobs
    where queued_date is not null

),

label_days as (

    select
        repository,
        runner_label,
        queued_date,
        count(*) as job_count,
        count(wait_ms) as measured_job_count,
        count(case when job_status = 'canceled' and not is_unstarted then 1 end) as canceled_job_count,
        count(case when is_unstarted and job_status <> 'running' then 1 end) as never_started_job_count,
        count(case when is_unstarted and job_status = 'running' then 1 end) as waiting_job_count,
        count(
            case when wait_ms is null and job_status <> 'canceled' and not is_unstarted then 1 end
        ) as unmeasured_job_count,
        {{ percentile('wait_ms', 0.5) }} as wait_p50_ms,
        {{ percentile('wait_ms', 0.95) }} as wait_p95_ms,
        max(wait_ms) as longest_wait_ms,
        max(_seen_change) as _seen_change,
        max(_words_fingerprint) as _words_fingerprint
    from queued_jobs
    group by repository, runner_label, queued_date

),

label_day_hours as (

    select
        repository,
        runner_label,
        queued_date,
        queued_hour,
        count(*) as measured_job_count,
        {{ percentile('wait_ms', 0.5) }} as wait_p50_ms
    from queued_jobs
    where wait_ms is not null and queued_hour is not null
    group by repository, runner_label, queued_date, queued_hour

),

peak_hours as (

    select * from label_day_hours
    qualify row_number() over (
        partition by repository, runner_label, queued_date
        order by wait_p50_ms desc, queued_hour
    ) = 1

)

select
    label_days.repository,
    label_days.runner_label,
    label_days.queued_date,
    label_days.job_count,
    label_days.measured_job_count,
    label_days.canceled_job_count,
    label_days.never_started_job_count,
    label_days.waiting_job_count,
    label_days.unmeasured_job_count,
    label_days.wait_p50_ms,
    label_days.wait_p95_ms,
    cast(label_days.longest_wait_ms as {{ dbt.type_bigint() }}) as longest_wait_ms,
    cast(peak_hours.queued_hour as {{ dbt.type_bigint() }}) as peak_hour,
    peak_hours.wait_p50_ms as peak_hour_wait_p50_ms,
    coalesce(peak_hours.measured_job_count, 0) as peak_hour_job_count,
    {{ is_simulated('label_days.repository') }} as is_simulated,
    label_days._seen_change,
    label_days._words_fingerprint
from label_days
left join peak_hours
    on
        label_days.repository = peak_hours.repository
        and label_days.runner_label = peak_hours.runner_label
        and label_days.queued_date = peak_hours.queued_date
