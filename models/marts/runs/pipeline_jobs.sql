-- One row per job of a run attempt (provider, repository, run_id, run_attempt, job_id, ordinal).
{{ config(
    materialized='incremental',
    incremental_strategy=replacing_dates(),
    partition_by=partitioned_by('partition_date'),
    on_schema_change='append_new_columns'
) }}
{%- set dates = dates_of_changed_runs() %}
{{ says_dates('partition_date', dates) }}

with runs as (

    select * from {{ ref('pipeline_runs') }}
    where {{ in_dates('started_date', dates) }}

),

{% if dates is not none %}
    -- Those of runs that started on these days, and of runs that are not known themselves.
    attempts as (

        select
            provider,
            repository,
            run_id,
            run_attempt
        from runs
        union distinct
        select
            lone_jobs.provider,
            lone_jobs.repository,
            lone_jobs.run_id,
            lone_jobs.run_attempt
        from {{ ref('int_pipeline_jobs_current') }} as lone_jobs
        left join {{ ref('pipeline_runs') }} as known_runs
            on
                lone_jobs.provider = known_runs.provider
                and lone_jobs.repository = known_runs.repository
                and lone_jobs.run_id = known_runs.run_id
                and lone_jobs.run_attempt = known_runs.run_attempt
        where
            known_runs.run_id is null
            and {{ in_dates(own_date_of_job('lone_jobs'), dates) }}

    ),
{% endif %}

jobs as (

    {{ jobs_of_dates(dates, 'attempts') }}

),

jobs_with_run as (

    select
        jobs.provider,
        jobs.repository,
        jobs.run_id,
        jobs.run_attempt,
        jobs.job_id,
        jobs.ordinal,
        jobs.job_name,
        jobs.reported_by,
        jobs.job_attempt,
        jobs.workflow,
        jobs.environment,
        jobs.event,
        jobs.commit_sha,
        jobs.branch,
        coalesce(runs.is_default_branch, jobs.branch in ('main', 'master'), false) as is_default_branch,
        runs.run_id is not null as has_run,
        coalesce(runs.is_final_attempt, false) as is_final_attempt,
        runs.started_date as run_started_date,
        cast(coalesce(jobs.started_at, jobs.queued_at, runs.started_at) as date) as started_date,
        coalesce(runs.started_date, {{ own_date_of_job('jobs') }}) as partition_date,
        jobs.queued_at,
        jobs.started_at,
        jobs.completed_at,
        jobs.job_status,
        jobs.status_original,
        jobs.has_unmapped_status,
        jobs.is_carried_over,
        case when jobs.job_status <> 'running' then jobs.duration_ms end as duration_ms,
        jobs.queue_ms,
        jobs.failed_step_count,
        case when jobs.is_cache_hit then 'hit' when not jobs.is_cache_hit then 'miss' end as cache_result,
        jobs.cache_key,
        jobs.machine_class,
        jobs.machine_cpu,
        jobs.machine_ram_gb,
        jobs.runner_label,
        jobs.runner_type,
        jobs.runner_os,
        jobs.logs_uri,
        jobs.is_simulated,
        jobs._event_id,
        jobs._load_id,
        jobs._source_line,
        greatest(jobs._committed_at, coalesce(runs._committed_at, jobs._committed_at)) as _committed_at,
        jobs._words_fingerprint
    from jobs
    left join runs
        on
            jobs.provider = runs.provider
            and jobs.repository = runs.repository
            and jobs.run_id = runs.run_id
            and jobs.run_attempt = runs.run_attempt

)

select * from jobs_with_run
where {{ in_dates('partition_date', dates) }}
{{ in_order_of('partition_date') }}
