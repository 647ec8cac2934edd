-- One row per repository × workflow × job × branch class × cache result × day of the last 28 on which it succeeded.
{{ config(partition_by=partitioned_by('began_date')) }}

with executions as (

    select * from {{ ref('int_job_executions_forecast') }}
    where {{ is_counted_execution() }}

),

job_days as (

    select
        repository,
        workflow,
        job_name,
        branch_class,
        cache_result,
        began_date,
        {{ percentile('duration_ms', 0.5) }} as duration_p50_ms,
        {{ percentile('forecast_p50_ms', 0.5) }} as forecast_p50_ms,
        count(*) as execution_count,
        count(forecast_error) as judged_execution_count,
        sum(forecast_error) as forecast_error_sum,
        sum(naive_error) as naive_error_sum,
        count(case when duration_ms <= forecast_p90_ms then 1 end) as within_p90_execution_count
    from executions
    group by repository, workflow, job_name, branch_class, cache_result, began_date

)

select
    repository,
    workflow,
    job_name,
    branch_class,
    cache_result,
    began_date,
    duration_p50_ms,
    forecast_p50_ms,
    execution_count,
    judged_execution_count,
    forecast_error_sum,
    {{ safe_ratio('forecast_error_sum', 'judged_execution_count') }} as forecast_error_ratio,
    naive_error_sum,
    {{ safe_ratio('naive_error_sum', 'judged_execution_count') }} as naive_error_ratio,
    within_p90_execution_count,
    {{ safe_ratio('within_p90_execution_count', 'judged_execution_count') }} as within_p90_ratio,
    {{ is_simulated('repository') }} as is_simulated
from job_days
