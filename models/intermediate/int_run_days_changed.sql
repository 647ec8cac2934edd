-- One row per day (changed_date) on which a version of a run or job lies: the newest commit that changed anything of it.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='changed_date',
    pre_hook="{{ empty_after_reload() }}"
) }}
{#-
    The days of every version, old and new, of each run of which a version or a job has arrived: a correction may
    have moved it, another attempt may have made this one not the last. A run that its pipeline reported may be a
    duplicate of any other of its commit, so that the days of those count too.
#}
{%- set unseen = unseen_loads() %}
{{ says_loads(unseen) }}
{%- set loading_days = loading_days_of_changed_runs(unseen) if unseen else none %}

with changed_runs as (

    {{ changed_runs(unseen) }}

),

run_versions as (

    select
        versions.repository,
        versions.commit_sha,
        versions.started_at,
        versions._event_id,
        changed_runs._committed_at
    from {{ ref('stg_pipeline_runs') }} as versions
    inner join changed_runs
        on
            versions.provider = changed_runs.provider
            and versions.repository = changed_runs.repository
            and versions.run_id = changed_runs.run_id
    where {{ is_loaded_on('versions', loading_days) }}

),

lone_job_versions as (

    select
        versions.queued_at,
        versions.started_at,
        changed_runs._committed_at
    from {{ ref('stg_pipeline_jobs') }} as versions
    inner join changed_runs
        on
            versions.provider = changed_runs.provider
            and versions.repository = changed_runs.repository
            and versions.run_id = changed_runs.run_id

),

run_job_versions as (

    select
        versions.job_queued_at,
        versions.job_started_at,
        run_versions._committed_at
    from {{ ref('stg_pipeline_run_jobs') }} as versions
    inner join run_versions
        on versions._event_id = run_versions._event_id
    where {{ is_loaded_on('versions', loading_days) }}

),

possible_duplicates as (

    select
        runs.started_at,
        commits._committed_at
    from {{ ref('int_pipeline_runs_reconciled') }} as runs
    inner join (
        select
            repository,
            commit_sha,
            max(_committed_at) as _committed_at
        from run_versions
        group by repository, commit_sha
    ) as commits
        on
            runs.repository = commits.repository
            and runs.commit_sha = commits.commit_sha
    where runs.provider = 'hub'

),

-- A job says when it was queued and when it started; marts count it on the day of the one or of the other.
dates as (

    select cast(started_at as date) as changed_date, _committed_at from run_versions
    union all
    select cast(started_at as date) as changed_date, _committed_at from possible_duplicates
    union all
    select {{ own_date_of_job('lone_job_versions') }} as changed_date, _committed_at from lone_job_versions
    union all
    select cast(queued_at as date) as changed_date, _committed_at from lone_job_versions
    union all
    select cast(job_started_at as date) as changed_date, _committed_at from run_job_versions
    union all
    select cast(job_queued_at as date) as changed_date, _committed_at from run_job_versions

),

changed_days as (

    select
        changed_date,
        max(_committed_at) as _committed_at
    from dates
    where changed_date is not null
    group by changed_date

)

select * from changed_days
