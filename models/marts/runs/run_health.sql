-- One row per repository × workflow × environment × day on which the final attempts of its runs started.
{{ config(
    materialized='incremental',
    incremental_strategy=replacing_dates(),
    partition_by=partitioned_by('started_date'),
    on_schema_change='append_new_columns'
) }}
{#- Read twice: for the rows, and for the days whose streaks were closed, opened or moved by runs of other days. #}
{%- set workflow_day_streaks %}workflow_day_recoveries as (

    select
        repository,
        workflow,
        environment,
        green_date as started_date,
        count(*) as closed_streak_count,
        {{ percentile('time_to_green_ms', 0.5) }} as time_to_green_p50_ms
    from {{ ref('red_streaks') }}
    where not is_open
    group by repository, workflow, environment, green_date

),

workflow_day_open_streaks as (

    select
        repository,
        workflow,
        environment,
        red_date as started_date,
        min(red_at) as red_since_at
    from {{ ref('red_streaks') }}
    where is_open
    group by repository, workflow, environment, red_date

){% endset %}
{%- set dates = dates_of_changed_runs() %}
{%- if dates is not none %}
    {%- set dates = dates + dates_of_changed_streaks(workflow_day_streaks) %}
{%- endif %}
{{ says_dates('started_date', dates) }}

with attempts as (

    select attempts.*
    from {{ ref('pipeline_runs') }} as attempts
    {%- if dates is not none %}
        -- Also the attempts of other days, of the runs whose final one started on these.
        inner join {{ ref('pipeline_runs') }} as final_attempts
            on
                final_attempts.provider = attempts.provider
                and final_attempts.repository = attempts.repository
                and final_attempts.run_id = attempts.run_id
                and final_attempts.is_final_attempt
                and {{ in_dates('final_attempts.started_date', dates) }}
    {%- endif %}

),

jobs as (

    select * from {{ ref('pipeline_jobs') }}
    where {{ in_dates('partition_date', dates) }}

),

-- What came before the final attempt, at run grain: else each attempt would count as a run.
earlier_attempts as (

    select
        provider,
        repository,
        run_id,
        max(case when run_attempt = 1 then run_status end) as first_status,
        max(case when run_attempt = 1 then commit_sha end) as first_commit_sha,
        count(case when not is_final_attempt then 1 end) as superseded_attempt_count,
        count(case when not is_final_attempt and job_ms is null then 1 end) as unmeasured_superseded_attempt_count,
        sum(case when not is_final_attempt then job_ms end) as superseded_job_ms
    from attempts
    group by provider, repository, run_id

),

runs as (

    select
        attempts.*,
        attempts.run_status in ('success', 'failed', 'timed_out') as is_concluded,
        earlier_attempts.first_status,
        earlier_attempts.first_status in ('failed', 'timed_out')
        and earlier_attempts.first_commit_sha = attempts.commit_sha as has_failed_first,
        earlier_attempts.superseded_attempt_count,
        earlier_attempts.unmeasured_superseded_attempt_count,
        earlier_attempts.superseded_job_ms,
        -- Canceled and skipped runs were not run to their end: their time says nothing of the workflow.
        case when attempts.run_status not in ('canceled', 'skipped') then attempts.duration_ms end as counted_duration_ms
    from attempts
    inner join earlier_attempts
        on
            attempts.provider = earlier_attempts.provider
            and attempts.repository = earlier_attempts.repository
            and attempts.run_id = earlier_attempts.run_id
    where attempts.is_final_attempt

),

workflow_days as (

    select
        repository,
        workflow,
        environment,
        started_date,
        count(*) as run_count,
        count(case when is_concluded then 1 end) as concluded_run_count,
        count(case when run_status = 'success' then 1 end) as succeeded_run_count,
        count(case when run_status = 'failed' then 1 end) as failed_run_count,
        count(case when run_status = 'timed_out' then 1 end) as timed_out_run_count,
        count(case when run_status = 'canceled' then 1 end) as canceled_run_count,
        count(case when run_status = 'skipped' then 1 end) as skipped_run_count,
        count(case when run_status = 'neutral' then 1 end) as neutral_run_count,
        count(case when run_status = 'action_required' then 1 end) as action_required_run_count,
        count(case when run_status = 'running' then 1 end) as unfinished_run_count,
        count(case when run_status = 'unknown' then 1 end) as unknown_run_count,
        count(case when is_possible_duplicate then 1 end) as possible_duplicate_run_count,
        count(case when is_concluded and first_status is not null then 1 end) as first_attempt_run_count,
        count(case when is_concluded and first_status = 'success' then 1 end) as first_pass_run_count,
        count(case when run_status = 'success' and has_failed_first then 1 end) as recovered_run_count,
        cast(sum(superseded_attempt_count) as int64) as superseded_attempt_count,
        cast(sum(unmeasured_superseded_attempt_count) as int64) as unmeasured_superseded_attempt_count,
        -- No attempt before the last is no waste; one whose jobs are not known is an unknown waste.
        cast(
            case when sum(superseded_attempt_count) = 0 then 0 else sum(superseded_job_ms) end as int64
        ) as waste_ms,
        count(counted_duration_ms) as duration_run_count,
        {{ percentile('counted_duration_ms', 0.5) }} as duration_p50_ms,
        {{ percentile('counted_duration_ms', 0.95) }} as duration_p95_ms,
        max(_seen_change) as _seen_change,
        max(_words_fingerprint) as _words_fingerprint
    from runs
    group by repository, workflow, environment, started_date

),

-- A run that knows its own wait only, and not that of its jobs, counts as one wait.
waits as (

    select
        repository,
        workflow,
        environment,
        run_started_date as started_date,
        queue_ms
    from jobs
    where is_final_attempt and queue_ms is not null
    union all
    select
        runs.repository,
        runs.workflow,
        runs.environment,
        runs.started_date,
        runs.queue_ms
    from runs
    left join (
        select distinct
            provider,
            repository,
            run_id,
            run_attempt
        from jobs
        where queue_ms is not null
    ) as runs_with_job_waits
        on
            runs.provider = runs_with_job_waits.provider
            and runs.repository = runs_with_job_waits.repository
            and runs.run_id = runs_with_job_waits.run_id
            and runs.run_attempt = runs_with_job_waits.run_attempt
    where runs.queue_ms is not null and runs_with_job_waits.run_id is null

),

workflow_day_waits as (

    select
        repository,
        workflow,
        environment,
        started_date,
        count(*) as queue_count,
        {{ percentile('queue_ms', 0.5) }} as queue_p50_ms,
        {{ percentile('queue_ms', 0.95) }} as queue_p95_ms
    from waits
    group by repository, workflow, environment, started_date

),

{{ workflow_day_streaks }},

workflow_days_with_ratios as (

    select
        workflow_days.repository,
        workflow_days.workflow,
        workflow_days.environment,
        workflow_days.started_date,
        workflow_days.run_count,
        workflow_days.concluded_run_count,
        workflow_days.succeeded_run_count,
        {{ safe_ratio('workflow_days.succeeded_run_count', 'workflow_days.concluded_run_count') }} as success_ratio,
        workflow_days.failed_run_count,
        workflow_days.timed_out_run_count,
        workflow_days.canceled_run_count,
        workflow_days.skipped_run_count,
        workflow_days.neutral_run_count,
        workflow_days.action_required_run_count,
        workflow_days.unfinished_run_count,
        workflow_days.unknown_run_count,
        workflow_days.possible_duplicate_run_count,
        workflow_days.first_attempt_run_count,
        workflow_days.first_pass_run_count,
        {{ safe_ratio('workflow_days.first_pass_run_count', 'workflow_days.first_attempt_run_count') }} as first_pass_ratio,
        workflow_days.recovered_run_count,
        {{ safe_ratio('workflow_days.recovered_run_count', 'workflow_days.first_attempt_run_count') }}
            as recovered_by_rerun_ratio,
        workflow_days.superseded_attempt_count,
        workflow_days.unmeasured_superseded_attempt_count,
        workflow_days.waste_ms,
        workflow_days.duration_run_count,
        workflow_days.duration_p50_ms,
        workflow_days.duration_p95_ms,
        coalesce(workflow_day_waits.queue_count, 0) as queue_count,
        workflow_day_waits.queue_p50_ms,
        workflow_day_waits.queue_p95_ms,
        coalesce(workflow_day_recoveries.closed_streak_count, 0) as closed_streak_count,
        workflow_day_recoveries.time_to_green_p50_ms,
        workflow_day_open_streaks.red_since_at,
        {{ is_simulated('workflow_days.repository') }} as is_simulated,
        workflow_days._seen_change,
        workflow_days._words_fingerprint
    from workflow_days
    left join workflow_day_waits
        on
            workflow_days.repository = workflow_day_waits.repository
            and workflow_days.workflow = workflow_day_waits.workflow
            and workflow_days.environment = workflow_day_waits.environment
            and workflow_days.started_date = workflow_day_waits.started_date
    left join workflow_day_recoveries
        on
            workflow_days.repository = workflow_day_recoveries.repository
            and workflow_days.workflow = workflow_day_recoveries.workflow
            and workflow_days.environment = workflow_day_recoveries.environment
            and workflow_days.started_date = workflow_day_recoveries.started_date
    left join workflow_day_open_streaks
        on
            workflow_days.repository = workflow_day_open_streaks.repository
            and workflow_days.workflow = workflow_day_open_streaks.workflow
            and workflow_days.environment = workflow_day_open_streaks.environment
            and workflow_days.started_date = workflow_day_open_streaks.started_date

)

select * from workflow_days_with_ratios
