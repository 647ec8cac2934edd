-- One row per repository × workflow × job × branch class × cache result that succeeded in 28 days: its next execution.
with executions as (

    select * from {{ ref('int_job_executions_forecast') }}

),

next_executions as (

    select * from executions
    where is_next

),

job_errors as (

    select
        repository,
        workflow,
        job_name,
        branch_class,
        cache_result,
        count(*) as execution_count,
        count(forecast_error) as judged_execution_count,
        sum(forecast_error) as forecast_error_sum,
        sum(naive_error) as naive_error_sum,
        count(case when duration_ms <= forecast_p90_ms then 1 end) as within_p90_execution_count
    from executions
    where {{ is_counted_execution() }}
    group by repository, workflow, job_name, branch_class, cache_result

)

select
    next_executions.repository,
    next_executions.workflow,
    next_executions.job_name,
    next_executions.branch_class,
    next_executions.cache_result,
    cast(next_executions.history_count as {{ dbt.type_bigint() }}) as history_count,
    cast(next_executions.last_duration_ms as {{ dbt.type_bigint() }}) as last_duration_ms,
    cast(next_executions.forecast_p50_ms as {{ dbt.type_bigint() }}) as forecast_p50_ms,
    cast(next_executions.forecast_p90_ms as {{ dbt.type_bigint() }}) as forecast_p90_ms,
    job_errors.execution_count,
    job_errors.judged_execution_count,
    job_errors.forecast_error_sum,
    {{ safe_ratio('job_errors.forecast_error_sum', 'job_errors.judged_execution_count') }} as forecast_error_ratio,
    job_errors.naive_error_sum,
    {{ safe_ratio('job_errors.naive_error_sum', 'job_errors.judged_execution_count') }} as naive_error_ratio,
    job_errors.within_p90_execution_count,
    {{ safe_ratio('job_errors.within_p90_execution_count', 'job_errors.judged_execution_count') }} as within_p90_ratio,
    {{ is_simulated('next_executions.repository') }} as is_simulated
from next_executions
inner join job_errors
    on
        next_executions.repository = job_errors.repository
        and next_executions.workflow = job_errors.workflow
        and next_executions.job_name = job_errors.job_name
        and next_executions.branch_class = job_errors.branch_class
        and next_executions.cache_result = job_errors.cache_result
