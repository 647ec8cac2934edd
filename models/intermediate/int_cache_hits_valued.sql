-- One row per repository × workflow × job × day with a cache hit or miss, with the time that the hits saved.
{{ config(
    materialized='incremental',
    incremental_strategy=replacing_dates(),
    partition_by=partitioned_by('started_date'),
    on_schema_change='append_new_columns'
) }}
{#- On most days a job misses its cache too seldom to know what a rebuild takes: that many days say, the day among them. #}
{%- set history_days = 28 %}
{%- set dates = and_days_after(dates_of_changed_runs(), history_days - 1) %}
{%- set is_looked_at = 'true' %}
{%- if dates %}
    {%- set first_date = date_plus("cast('" ~ dates[0] ~ "' as date)", 1 - history_days) %}
    {%- set is_looked_at = 'started_date between ' ~ first_date ~ " and cast('" ~ dates[-1] ~ "' as date)" %}
{%- endif %}
{{ says_dates('started_date', dates) }}

with cached_jobs as (

    select
        repository,
        workflow,
        job_name,
        started_date,
        cache_result,
        duration_ms,
        _seen_change,
        _words_fingerprint
    from {{ ref('pipeline_jobs') }}
    -- A job that failed or was cut short says nothing of how long it takes.
    where
        cache_result is not null
        and job_status = 'success'
        and duration_ms > 0
        and not is_carried_over
        and started_date is not null
        and {{ is_looked_at }}

),

job_days as (

    select
        repository,
        workflow,
        job_name,
        started_date,
        count(case when cache_result = 'hit' then 1 end) as hit_count,
        count(case when cache_result = 'miss' then 1 end) as miss_count,
        coalesce(sum(case when cache_result = 'hit' then duration_ms end), 0) as hit_ms,
        coalesce(sum(case when cache_result = 'miss' then duration_ms end), 0) as miss_ms,
        max(_seen_change) as _seen_change,
        max(_words_fingerprint) as _words_fingerprint
    from cached_jobs
    group by repository, workflow, job_name, started_date

),

job_days_with_history as (

    select
        repository,
        workflow,
        job_name,
        started_date,
        hit_count,
        miss_count,
        _seen_change,
        _words_fingerprint,
        sum(hit_count) over last_days as history_hit_count,
        sum(miss_count) over last_days as history_miss_count,
        sum(hit_ms) over last_days as history_hit_ms,
        sum(miss_ms) over last_days as history_miss_ms
    from job_days
    window last_days as (
        partition by repository, workflow, job_name
        order by {{ dbt.datediff("cast('1970-01-01' as date)", 'started_date', 'day') }}
        range between {{ history_days - 1 }} preceding and current row
    )

),

job_days_with_rebuild as (

    select
        *,
        {{ safe_ratio('history_miss_ms', 'history_miss_count') }}
        - {{ safe_ratio('history_hit_ms', 'history_hit_count') }} as mean_rebuild_ms
    from job_days_with_history

)

select
    repository,
    workflow,
    job_name,
    started_date,
    hit_count,
    miss_count,
    mean_rebuild_ms,
    case when mean_rebuild_ms is not null then hit_count else 0 end as valued_hit_count,
    hit_count * mean_rebuild_ms as saved_ms,
    _seen_change,
    _words_fingerprint
from job_days_with_rebuild
where {{ in_dates('started_date', dates) }}
