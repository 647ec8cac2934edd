-- One row per execution of a job that began in the last 28 days, and one per job for its next: what its past foretold.
{{ config(
    materialized='incremental',
    incremental_strategy=replacing_dates(),
    partition_by=partitioned_by('began_date'),
    on_schema_change='append_new_columns'
) }}
{#
    The newest 20 executions that were over when this one began; the newest weighs 20, the oldest 1. Whole
    numbers, so that both engines come to the same quantile.
#}
{% set newest = 20 %}
{% set forecast_days = 28 %}
{% set history_days = 90 %}
{#- No CI system lets a job run for longer than a week: what seems to is a clock that was wrong. #}
{% set longest_days = 7 %}
{% set minimum_history = 5 %}
{%- set dates = dates_to_forecast(forecast_days) %}
{%- if dates.foretold %}
    {%- set first_date = "cast('" ~ dates.foretold[0] ~ "' as date)" %}
{%- else %}
    {%- set first_date = date_plus('cast(' ~ as_of() ~ ' as date)', -1 * forecast_days) %}
{%- endif %}
{{ says_dates('began_date', dates.replaced) }}

with jobs as (

    select
        *,
        -- Where a job has no times, its run has.
        case when completed_at is null or (started_at is null and queued_at is null) then run_id end as asked_run_id
    from {{ ref('pipeline_jobs') }}
    where
        -- The day on which it began: DuckDB skips the days before, which BigQuery's partitions, the days of runs, cannot.
        started_date >= {{ date_plus(first_date, -1 * (history_days + longest_days)) }}
        -- What failed or was cut short says nothing of how long the job takes.
        and job_status = 'success'
        and duration_ms > 0
        and not is_carried_over

),

runs as (

    select * from {{ ref('pipeline_runs') }}

),

timed_jobs as (

    select
        jobs.repository,
        jobs.workflow,
        jobs.job_name,
        case when jobs.is_default_branch then 'default' else 'other' end as branch_class,
        coalesce(jobs.cache_result, 'unknown') as cache_result,
        jobs.provider,
        jobs.run_id,
        jobs.run_attempt,
        jobs.job_id,
        jobs.ordinal,
        jobs.duration_ms,
        coalesce(jobs.started_at, jobs.queued_at, runs.started_at) as began_at,
        coalesce(jobs.completed_at, runs.ended_at) as known_at,
        greatest(jobs._seen_change, coalesce(runs._seen_change, jobs._seen_change)) as _seen_change,
        jobs._words_fingerprint
    from jobs
    left join runs
        on
            jobs.provider = runs.provider
            and jobs.repository = runs.repository
            and jobs.asked_run_id = runs.run_id
            and jobs.run_attempt = runs.run_attempt

),

ended_jobs as (

    select * from timed_jobs
    where
        began_at < known_at
        and known_at <= {{ moment_plus('began_at', longest_days, 'day') }}

),

ended_days as (

    select
        repository,
        workflow,
        job_name,
        branch_class,
        cache_result,
        cast(known_at as date) as known_date,
        count(*) as ended_count,
        max(case
            when began_at > {{ moment_plus(as_of(), -1 * forecast_days, 'day') }} and known_at <= {{ as_of() }} then 1 else 0
        end) as has_next_count
    from ended_jobs
    group by repository, workflow, job_name, branch_class, cache_result, cast(known_at as date)

),

-- A number for the five names of a job: what follows sorts and joins by it many times over.
numbered_jobs as (

    select
        repository,
        workflow,
        job_name,
        branch_class,
        cache_result,
        max(has_next_count) = 1 as has_next,
        row_number() over (order by repository, workflow, job_name, branch_class, cache_result) as job_number
    from ended_days
    group by repository, workflow, job_name, branch_class, cache_result

),

-- Most jobs run so often that of their past a few days are enough.
counted_days as (

    select
        numbered_jobs.job_number,
        ended_days.known_date,
        sum(ended_days.ended_count) over (
            partition by numbered_jobs.job_number
            order by ended_days.known_date desc
            rows between unbounded preceding and current row
        ) as ended_count_since
    from ended_days
    inner join numbered_jobs
        on
            ended_days.repository = numbered_jobs.repository
            and ended_days.workflow = numbered_jobs.workflow
            and ended_days.job_name = numbered_jobs.job_name
            and ended_days.branch_class = numbered_jobs.branch_class
            and ended_days.cache_result = numbered_jobs.cache_result
    where
        ended_days.known_date < {{ first_date }}

),

past_starts as (

    select
        job_number,
        max(known_date) as past_start_date
    from counted_days
    where ended_count_since >= {{ newest }}
    group by job_number

),

past_executions as (

    select
        numbered_jobs.job_number,
        ended_jobs.provider,
        ended_jobs.run_id,
        ended_jobs.run_attempt,
        ended_jobs.job_id,
        ended_jobs.ordinal,
        ended_jobs.began_at,
        ended_jobs.known_at,
        ended_jobs.duration_ms,
        ended_jobs._seen_change,
        ended_jobs._words_fingerprint,
        row_number() over (
            partition by numbered_jobs.job_number
            order by
                ended_jobs.known_at,
                ended_jobs.provider,
                ended_jobs.run_id,
                ended_jobs.run_attempt,
                ended_jobs.job_id,
                ended_jobs.ordinal
        ) as position
    from ended_jobs
    inner join numbered_jobs
        on
            ended_jobs.repository = numbered_jobs.repository
            and ended_jobs.workflow = numbered_jobs.workflow
            and ended_jobs.job_name = numbered_jobs.job_name
            and ended_jobs.branch_class = numbered_jobs.branch_class
            and ended_jobs.cache_result = numbered_jobs.cache_result
    left join past_starts
        on numbered_jobs.job_number = past_starts.job_number
    where
        past_starts.past_start_date is null
        or cast(ended_jobs.known_at as date) >= past_starts.past_start_date

),

-- The next one, of each job that succeeded in the last days, begins now, and has no duration yet.
foretold_executions as (

    select
        job_number,
        position,
        began_at
    from past_executions
    where
        cast(began_at as date) >= {{ first_date }}
        and {{ in_dates('cast(began_at as date)', dates.foretold) }}
    union all
    select
        job_number,
        0 as position,
        {{ as_of() }} as began_at
    from numbered_jobs
    where has_next

),

-- How many executions were over when each began: jobs run side by side, so that the one before is not the one to ask.
moments as (

    select
        job_number,
        position,
        began_at as happened_at,
        1 as sequence,
        0 as ended_count
    from foretold_executions
    union all
    select
        job_number,
        position,
        known_at as happened_at,
        0 as sequence,
        1 as ended_count
    from past_executions

),

counted_moments as (

    select
        *,
        sum(ended_count) over (
            partition by job_number
            order by happened_at, sequence
            rows between unbounded preceding and current row
        ) as known_count
    from moments

),

ages as (

    {% for age in range(newest) -%}
        select {{ age }} as age
        {% if not loop.last %} union all {% endif %}
    {% endfor %}

),

executions as (

    select
        job_number,
        position,
        happened_at as began_at,
        known_count
    from counted_moments
    where sequence = 1

),

wanted_history as (

    select
        executions.job_number,
        executions.position,
        executions.began_at,
        ages.age,
        executions.known_count - ages.age as history_position
    from executions
    cross join ages

),

weighted_history as (

    select
        wanted_history.job_number,
        wanted_history.position,
        wanted_history.age,
        past_executions.duration_ms,
        sum({{ newest }} - wanted_history.age) over (
            partition by wanted_history.job_number, wanted_history.position
            order by past_executions.duration_ms, wanted_history.age
            rows between unbounded preceding and current row
        ) as weight_so_far,
        sum({{ newest }} - wanted_history.age) over (
            partition by wanted_history.job_number, wanted_history.position
        ) as weight
    from wanted_history
    inner join past_executions
        on
            wanted_history.job_number = past_executions.job_number
            and wanted_history.history_position = past_executions.position
    where past_executions.known_at > {{ moment_plus('wanted_history.began_at', -1 * history_days, 'day') }}

),

-- The shortest duration that at least half, or nine tenths, of the weight does not exceed.
forecasts as (

    select
        job_number,
        position,
        count(*) as history_count,
        max(case when age = 0 then duration_ms end) as last_duration_ms,
        min(case when 2 * weight_so_far >= weight then duration_ms end) as p50_ms,
        min(case when 10 * weight_so_far >= 9 * weight then duration_ms end) as p90_ms
    from weighted_history
    group by job_number, position

),

-- The words of the next executions, which have none of their own, are those of all.
all_words as (

    select max(_words_fingerprint) as _words_fingerprint
    from ended_jobs

)

select
    numbered_jobs.repository,
    numbered_jobs.workflow,
    numbered_jobs.job_name,
    numbered_jobs.branch_class,
    numbered_jobs.cache_result,
    coalesce(past_executions.provider, '(none)') as provider,
    coalesce(past_executions.run_id, '(none)') as run_id,
    coalesce(past_executions.run_attempt, 0) as run_attempt,
    coalesce(past_executions.job_id, '(none)') as job_id,
    coalesce(past_executions.ordinal, 0) as ordinal,
    executions.position = 0 as is_next,
    executions.began_at,
    cast(executions.began_at as date) as began_date,
    past_executions.known_at,
    past_executions.duration_ms,
    coalesce(forecasts.history_count, 0) as history_count,
    forecasts.last_duration_ms,
    case when forecasts.history_count >= {{ minimum_history }} then forecasts.p50_ms end as forecast_p50_ms,
    case when forecasts.history_count >= {{ minimum_history }} then forecasts.p90_ms end as forecast_p90_ms,
    case
        when forecasts.history_count >= {{ minimum_history }}
            then abs(forecasts.p50_ms - past_executions.duration_ms) / past_executions.duration_ms
    end as forecast_error,
    -- Of the same executions, so that the two can be compared.
    case
        when forecasts.history_count >= {{ minimum_history }}
            then abs(forecasts.last_duration_ms - past_executions.duration_ms) / past_executions.duration_ms
    end as naive_error,
    past_executions._seen_change,
    all_words._words_fingerprint
from executions
inner join numbered_jobs
    on executions.job_number = numbered_jobs.job_number
cross join all_words
left join past_executions
    on
        executions.job_number = past_executions.job_number
        and executions.position = past_executions.position
left join forecasts
    on
        executions.job_number = forecasts.job_number
        and executions.position = forecasts.position
{{ in_order_of('began_date') }}
