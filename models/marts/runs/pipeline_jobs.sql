-- One row per job of a run attempt (provider, repository, run_id, run_attempt, job_id, ordinal).
{{ config(partition_by=partitioned_by('started_date')) }}

with jobs as (

    select * from {{ ref('int_jobs_joined') }}

),

runs as (

    select * from {{ ref('pipeline_runs') }}

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
        jobs._source_line
    from jobs
    left join runs
        on
            jobs.provider = runs.provider
            and jobs.repository = runs.repository
            and jobs.run_id = runs.run_id
            and jobs.run_attempt = runs.run_attempt

)

select * from jobs_with_run
