-- One row per execution of a job in the last 28 days, and one per job for the next (job, position): what its past foretold.
{{ config(materialized='table') }}
{#
    The newest 20 executions that were over when this one began; the newest weighs 20, the oldest 1. Whole
    numbers, so that both engines come to the same quantile.
#}
{% set newest = 20 %}
{% set history_days = 90 %}
{% set minimum_history = 5 %}

with jobs as (

    select * from {{ ref('pipeline_jobs') }}

),

runs as (

    select * from {{ ref('pipeline_runs') }}

),

-- What failed or was cut short says nothing of how long the job takes. Where a job has no times, its run has.
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
        coalesce(jobs.completed_at, runs.ended_at) as known_at
    from jobs
    left join runs
        on
            jobs.provider = runs.provider
            and jobs.repository = runs.repository
            and jobs.run_id = runs.run_id
            and jobs.run_attempt = runs.run_attempt
    where
        -- The day of `began_at`, by which BigQuery reads only the partitions that count.
        jobs.started_date >= {{ date_plus('cast(' ~ as_of() ~ ' as date)', -1 * (history_days + 29)) }}
        and jobs.job_status = 'success'
        and jobs.duration_ms > 0
        and not jobs.is_carried_over

),

past_executions as (

    select
        *,
        row_number() over (
            partition by repository, workflow, job_name, branch_class, cache_result
            order by known_at, provider, run_id, run_attempt, job_id, ordinal
        ) as position
    from timed_jobs
    where
        began_at < known_at
        and known_at <= {{ as_of() }}
        and began_at > {{ moment_plus(as_of(), -1 * (history_days + 28), 'day') }}

),

recent_executions as (

    select
        repository,
        workflow,
        job_name,
        branch_class,
        cache_result,
        position,
        began_at,
        duration_ms
    from past_executions
    where began_at > {{ moment_plus(as_of(), -28, 'day') }}

),

-- The next one begins now, and has no duration yet.
next_executions as (

    select
        repository,
        workflow,
        job_name,
        branch_class,
        cache_result,
        cast(null as {{ dbt.type_bigint() }}) as position,
        {{ as_of() }} as began_at,
        cast(null as {{ dbt.type_bigint() }}) as duration_ms
    from recent_executions
    group by repository, workflow, job_name, branch_class, cache_result

),

foretold_executions as (

    select * from recent_executions
    union all
    select * from next_executions

),

-- How many executions were over when each began: jobs run side by side, so that the one before is not the one to ask.
moments as (

    select
        repository,
        workflow,
        job_name,
        branch_class,
        cache_result,
        position,
        began_at,
        duration_ms,
        began_at as happened_at,
        1 as sequence,
        0 as ended_count
    from foretold_executions
    union all
    select
        repository,
        workflow,
        job_name,
        branch_class,
        cache_result,
        position,
        began_at,
        duration_ms,
        known_at as happened_at,
        0 as sequence,
        1 as ended_count
    from past_executions

),

counted_moments as (

    select
        *,
        sum(ended_count) over (
            partition by repository, workflow, job_name, branch_class, cache_result
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
        repository,
        workflow,
        job_name,
        branch_class,
        cache_result,
        coalesce(position, 0) as position,
        began_at,
        duration_ms,
        known_count
    from counted_moments
    where sequence = 1

),

wanted_history as (

    select
        executions.repository,
        executions.workflow,
        executions.job_name,
        executions.branch_class,
        executions.cache_result,
        executions.position,
        executions.began_at,
        ages.age,
        executions.known_count - ages.age as history_position
    from executions
    cross join ages

),

weighted_history as (

    select
        wanted_history.repository,
        wanted_history.workflow,
        wanted_history.job_name,
        wanted_history.branch_class,
        wanted_history.cache_result,
        wanted_history.position,
        wanted_history.age,
        past_executions.duration_ms,
        sum({{ newest }} - wanted_history.age) over (
            partition by
                wanted_history.repository,
                wanted_history.workflow,
                wanted_history.job_name,
                wanted_history.branch_class,
                wanted_history.cache_result,
                wanted_history.position
            order by past_executions.duration_ms, wanted_history.age
            rows between unbounded preceding and current row
        ) as weight_so_far,
        sum({{ newest }} - wanted_history.age) over (
            partition by
                wanted_history.repository,
                wanted_history.workflow,
                wanted_history.job_name,
                wanted_history.branch_class,
                wanted_history.cache_result,
                wanted_history.position
        ) as weight
    from wanted_history
    inner join past_executions
        on
            wanted_history.repository = past_executions.repository
            and wanted_history.workflow = past_executions.workflow
            and wanted_history.job_name = past_executions.job_name
            and wanted_history.branch_class = past_executions.branch_class
            and wanted_history.cache_result = past_executions.cache_result
            and wanted_history.history_position = past_executions.position
    where past_executions.known_at > {{ moment_plus('wanted_history.began_at', -1 * history_days, 'day') }}

),

-- The shortest duration that at least half, or nine tenths, of the weight does not exceed.
forecasts as (

    select
        repository,
        workflow,
        job_name,
        branch_class,
        cache_result,
        position,
        count(*) as history_count,
        max(case when age = 0 then duration_ms end) as last_duration_ms,
        min(case when 2 * weight_so_far >= weight then duration_ms end) as p50_ms,
        min(case when 10 * weight_so_far >= 9 * weight then duration_ms end) as p90_ms
    from weighted_history
    group by repository, workflow, job_name, branch_class, cache_result, position

)

select
    executions.repository,
    executions.workflow,
    executions.job_name,
    executions.branch_class,
    executions.cache_result,
    executions.position,
    executions.position = 0 as is_next,
    executions.began_at,
    cast(executions.began_at as date) as began_date,
    executions.duration_ms,
    coalesce(forecasts.history_count, 0) as history_count,
    forecasts.last_duration_ms,
    case when forecasts.history_count >= {{ minimum_history }} then forecasts.p50_ms end as forecast_p50_ms,
    case when forecasts.history_count >= {{ minimum_history }} then forecasts.p90_ms end as forecast_p90_ms,
    case
        when forecasts.history_count >= {{ minimum_history }}
            then abs(forecasts.p50_ms - executions.duration_ms) / executions.duration_ms
    end as forecast_error,
    -- Of the same executions, so that the two can be compared.
    case
        when forecasts.history_count >= {{ minimum_history }}
            then abs(forecasts.last_duration_ms - executions.duration_ms) / executions.duration_ms
    end as naive_error
from executions
left join forecasts
    on
        executions.repository = forecasts.repository
        and executions.workflow = forecasts.workflow
        and executions.job_name = forecasts.job_name
        and executions.branch_class = forecasts.branch_class
        and executions.cache_result = forecasts.cache_result
        and executions.position = forecasts.position
