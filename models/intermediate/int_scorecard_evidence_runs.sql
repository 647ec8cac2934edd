-- One row per metric of runs, week and run or job behind it, of the last four complete weeks.
{{ config(
    materialized='incremental',
    incremental_strategy=replacing_dates(),
    partition_by=partitioned_by('counted_date'),
    on_schema_change='append_new_columns'
) }}
{%- set listed_days %}
    select
        started_date as counted_date,
        count(*) as thing_count
    from {{ ref('pipeline_runs') }}
    where is_final_attempt and started_date >= {{ evidence_since() }}
    group by started_date
{% endset %}
{%- set dates = dates_of_changed_evidence(dates_of_changed_runs(), 'success_ratio', listed_days) %}
{{ says_dates('counted_date', dates) }}

with final_attempts as (

    select
        *,
        started_date as counted_date,
        run_status in ('success', 'failed', 'timed_out') as is_concluded
    from {{ ref('pipeline_runs') }}
    where
        is_final_attempt
        and started_date >= {{ evidence_since() }}
        and {{ in_dates('started_date', dates) }}

),

first_attempts as (

    select
        provider,
        repository,
        run_id,
        run_status as first_status
    from {{ ref('pipeline_runs') }}
    where run_attempt = 1

),

runs as (

    select
        final_attempts.*,
        first_attempts.first_status,
        final_attempts.provider || ' ' || final_attempts.repository || ' ' || final_attempts.run_id as run_key,
        final_attempts.workflow || ', run ' || final_attempts.run_id || ', attempt '
        || cast(final_attempts.run_attempt as {{ dbt.type_string() }}) as run_name
    from final_attempts
    left join first_attempts
        on
            final_attempts.provider = first_attempts.provider
            and final_attempts.repository = first_attempts.repository
            and final_attempts.run_id = first_attempts.run_id

),

jobs as (

    select
        *,
        run_started_date as counted_date,
        cast(run_attempt as {{ dbt.type_string() }}) as attempt
    from {{ ref('pipeline_jobs') }}
    where
        is_final_attempt
        and run_started_date >= {{ evidence_since() }}
        and {{ in_dates('run_started_date', dates) }}

),

evidence as (

    {{ evidence_of_days(
        'success_ratio', 'runs', 'pipeline_run', 'run_key', 'run_name', 'started_at',
        is_excluded='not is_concluded',
        numerator=one_if("run_status = 'success'"),
        denominator='1',
        why="'Its last attempt: ' || run_status || '.'"
    ) }}
    union all
    {{ evidence_of_days(
        'first_pass_ratio', 'runs', 'pipeline_run', 'run_key', 'run_name', 'started_at',
        is_excluded='not is_concluded or first_status is null',
        numerator=one_if("first_status = 'success'"),
        denominator='1',
        why="case when not is_concluded then 'Its last attempt: ' || run_status || '.'
            when first_status is null then 'Its first attempt is not known.'
            else 'Its first attempt: ' || first_status || '.' end"
    ) }}
    union all
    {{ evidence_of_days(
        'queue_time', 'jobs', 'pipeline_job',
        "provider || ' ' || repository || ' ' || run_id || ' ' || attempt || ' ' || job_id || ' '
            || cast(ordinal as " ~ dbt.type_string() ~ ")",
        "workflow || ', job ' || job_name || ', run ' || run_id || ', attempt ' || attempt",
        'coalesce(queued_at, started_at, cast(run_started_date as timestamp))',
        is_excluded='queue_ms is null',
        value='queue_ms',
        sample='1',
        why="case when queue_ms is null then 'How long it waited is not known.' else 'It waited for a runner.' end"
    ) }}

)

select * from evidence
{{ in_order_of('counted_date') }}
