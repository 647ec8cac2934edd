-- One row per job of a run attempt (provider, repository, run_id, run_attempt, job_id, ordinal).
{{ config(
    materialized='incremental',
    incremental_strategy=replacing_dates(),
    partition_by=partitioned_by('partition_date'),
    on_schema_change='append_new_columns'
) }}
{%- set seen_change = newest_change() %}
{%- set dates = dates_of_changed_runs(columns=['queued_date']) %}
{%- set loading_days = loading_days_of_runs(dates) %}
{%- set lone_loading_days = loading_days_of_lone_jobs(dates) %}
{#- "Re-run failed jobs" lists the jobs that were not run again once more, with their old times. #}
{%- set is_carried_over = 'coalesce(reported_jobs.run_attempt > 1 and reported_jobs.started_at < runs.started_at, false)' %}
{%- set job_status = "coalesce(status_words.run_status, 'unknown')" %}
{{ says_dates('partition_date', dates) }}

with runs as (

    select
        runs.*,
        cast(runs.started_at as date) as started_date
    from {{ ref('int_pipeline_runs_joined') }} as runs
    where
        {{ is_started_on('runs', dates) }}
        and {{ is_loaded_on('runs', loading_days) }}

),

{% set attempts = none %}
{% if dates is not none %}
    {%- set attempts = 'attempts' %}
    -- Those that started on these days, and those that are not known themselves.
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
        left join {{ ref('int_pipeline_runs_reconciled') }} as known_runs
            on
                lone_jobs.provider = known_runs.provider
                and lone_jobs.repository = known_runs.repository
                and lone_jobs.run_id = known_runs.run_id
                and lone_jobs.run_attempt = known_runs.run_attempt
        where
            known_runs.run_id is null
            and {{ in_dates(own_date_of_job('lone_jobs'), dates) }}
            and {{ is_loaded_on('lone_jobs', lone_loading_days) }}

    ),
{% endif %}

{{ reported_jobs(attempts, loading_days, lone_loading_days) }},

status_words as (

    select * from {{ ref('int_run_status_words') }}

),

all_words as (

    select max(_words_fingerprint) as _words_fingerprint
    from status_words

),

jobs_with_run as (

    select
        reported_jobs.provider,
        reported_jobs.repository,
        reported_jobs.run_id,
        reported_jobs.run_attempt,
        reported_jobs.job_id,
        reported_jobs.ordinal,
        reported_jobs.job_name,
        reported_jobs.reported_by,
        reported_jobs.job_attempt,
        coalesce(runs.workflow, reported_jobs.workflow, '(none)') as workflow,
        coalesce(runs.environment, '(none)') as environment,
        runs.event,
        coalesce(reported_jobs.commit_sha, runs.commit_sha) as commit_sha,
        coalesce(reported_jobs.branch, runs.branch) as branch,
        coalesce(
            runs.is_default_branch,
            coalesce(reported_jobs.branch, runs.branch) in ('main', 'master'),
            false
        ) as is_default_branch,
        runs.run_id is not null as has_run,
        coalesce(runs.is_final_attempt, false) as is_final_attempt,
        runs.started_date as run_started_date,
        cast(coalesce(reported_jobs.started_at, reported_jobs.queued_at, runs.started_at) as date) as started_date,
        cast(coalesce(reported_jobs.queued_at, reported_jobs.started_at, runs.started_at) as date) as queued_date,
        coalesce(runs.started_date, {{ own_date_of_job('reported_jobs') }}) as partition_date,
        reported_jobs.queued_at,
        reported_jobs.started_at,
        reported_jobs.completed_at,
        {{ job_status }} as job_status,
        reported_jobs.status_original,
        status_words.run_status is null
        and coalesce({{ status_word('reported_jobs') }}, 'unknown') <> 'unknown' as has_unmapped_status,
        {{ is_carried_over }} as is_carried_over,
        case
            when {{ job_status }} <> 'running'
                then coalesce(
                    reported_jobs.reported_duration_ms,
                    {{ dbt.datediff('reported_jobs.started_at', 'reported_jobs.completed_at', 'millisecond') }}
                )
        end as duration_ms,
        case
            when {{ is_carried_over }} then null
            when reported_jobs.reported_queue_ms is not null then reported_jobs.reported_queue_ms
            -- A queue that ends before it begins is two clocks that disagree, not a measurement.
            when reported_jobs.queued_at <= reported_jobs.started_at
                then {{ dbt.datediff('reported_jobs.queued_at', 'reported_jobs.started_at', 'millisecond') }}
        end as queue_ms,
        reported_jobs.failed_step_count,
        case when reported_jobs.is_cache_hit then 'hit' when not reported_jobs.is_cache_hit then 'miss' end as cache_result,
        reported_jobs.cache_key,
        reported_jobs.machine_class,
        reported_jobs.machine_cpu,
        reported_jobs.machine_ram_gb,
        reported_jobs.runner_label,
        coalesce(reported_jobs.runner_type, runs.runner_type) as runner_type,
        runs.runner_os,
        reported_jobs.logs_uri,
        reported_jobs.is_simulated,
        reported_jobs._event_id,
        reported_jobs._load_id,
        reported_jobs._source_line,
        '{{ seen_change }}' as _seen_change,
        all_words._words_fingerprint
    from reported_jobs
    cross join all_words
    left join runs
        on
            reported_jobs.provider = runs.provider
            and reported_jobs.repository = runs.repository
            and reported_jobs.run_id = runs.run_id
            and reported_jobs.run_attempt = runs.run_attempt
    left join status_words
        on
            {{ status_word_provider('reported_jobs') }} = status_words.provider
            and {{ status_word('reported_jobs') }} = status_words.status_original

)

select * from jobs_with_run
where {{ in_dates('partition_date', dates) }}
{{ in_order_of('partition_date') }}
