-- One row per day (changed_date) on which a version of a run or job lies: the newest change of anything of it.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='changed_date',
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}
{#-
    The days of every version, old and new, of each run of which a version or a job has arrived: a correction may
    have moved it, another attempt may have made this one not the last. A run that its pipeline reported may be a
    duplicate of any other of its commit, so that the days of those count too.

    What was seen of runs and of jobs is kept apart: a build may have brought up to date the one and not the other.
#}
{%- set columns = ['_change', '_runs_committed_at', '_jobs_committed_at'] %}
{%- set unseen_runs = unseen_loads(columns, seen='_runs_committed_at', topic='pipeline_run') %}
{%- set unseen_jobs = unseen_loads(columns, seen='_jobs_committed_at', topic='pipeline_job') if unseen_runs else none %}
{%- set unseen_runs = unseen_runs if unseen_jobs else none %}
{{ says_loads(unseen_runs) }}
{%- set loading_days = loading_days_of_changed_runs(unseen_runs, unseen_jobs) if unseen_runs else none %}

with changed_runs as (

    {{ changed_runs(unseen_runs, unseen_jobs) }}

),

run_versions as (

    select
        versions.repository,
        versions.commit_sha,
        versions.started_at,
        versions._event_id
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
        versions.started_at
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
        versions.job_started_at
    from {{ ref('stg_pipeline_run_jobs') }} as versions
    inner join run_versions
        on versions._event_id = run_versions._event_id
    where {{ is_loaded_on('versions', loading_days) }}

),

possible_duplicates as (

    select runs.started_at
    from {{ ref('int_pipeline_runs_reconciled') }} as runs
    inner join (
        select distinct
            repository,
            commit_sha
        from run_versions
    ) as commits
        on
            runs.repository = commits.repository
            and runs.commit_sha = commits.commit_sha
    where runs.provider = 'hub'

),

-- A job says when it was queued and when it started; marts count it on the day of the one or of the other.
changed_days as (

    select cast(started_at as date) as changed_date from run_versions
    union distinct
    select cast(started_at as date) as changed_date from possible_duplicates
    union distinct
    select {{ own_date_of_job('lone_job_versions') }} as changed_date from lone_job_versions
    union distinct
    select cast(queued_at as date) as changed_date from lone_job_versions
    union distinct
    select cast(job_started_at as date) as changed_date from run_job_versions
    union distinct
    select cast(job_queued_at as date) as changed_date from run_job_versions

)

select
    changed_date,
    '{{ next_change(is_anew=unseen_runs is none) }}' as _change,
    (select max(runs._committed_at) from {{ ref('int_pipeline_runs_current') }} as runs) as _runs_committed_at,
    (select max(jobs._committed_at) from {{ ref('int_pipeline_jobs_current') }} as jobs) as _jobs_committed_at
from changed_days
where changed_date is not null
