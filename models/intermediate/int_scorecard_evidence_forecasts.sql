-- One row per week and execution of a job behind the error of its forecasts (last four complete weeks).
{{ config(
    materialized='incremental',
    incremental_strategy=replacing_dates(),
    partition_by=partitioned_by('counted_date'),
    on_schema_change='append_new_columns'
) }}
{%- set is_listed = is_counted_execution() ~ ' and began_date >= ' ~ evidence_since() %}
{%- set listed_days %}
    select
        began_date as counted_date,
        count(*) as thing_count
    from {{ ref('int_job_executions_forecast') }}
    where {{ is_listed }}
    group by began_date
{% endset %}
{%- set dates = dates_of_changed_evidence(dates_of_changed_forecasts(), 'forecast_error', listed_days) %}
{{ says_dates('counted_date', dates) }}

with executions as (

    select
        *,
        began_date as counted_date,
        {{ is_simulated('repository') }} as is_simulated
    from {{ ref('int_job_executions_forecast') }}
    where
        {{ is_listed }}
        and {{ in_dates('began_date', dates) }}

),

evidence as (

    {{ evidence_of_days(
        'forecast_error', 'executions', 'job_execution',
        "repository || ' ' || workflow || ' ' || job_name || ' ' || branch_class || ' ' || cache_result || ' '
            || provider || ' ' || run_id || ' ' || cast(run_attempt as " ~ dbt.type_string() ~ ") || ' ' || job_id
            || ' ' || cast(ordinal as " ~ dbt.type_string() ~ ")",
        "workflow || ', job ' || job_name || ', ' || branch_class || ', cache ' || cache_result", 'began_at',
        is_excluded='forecast_error is null',
        numerator='forecast_error',
        denominator='1',
        event_id='null',
        why="case when forecast_error is null then 'Too little was known of the job to foretell it.'
            else 'Foretold were ' || " ~ whole('forecast_p50_ms') ~ " || ' ms, it took '
            || " ~ whole('duration_ms') ~ " || ' ms.' end"
    ) }}

)

select * from evidence
{{ in_order_of('counted_date') }}
