-- One row per node of an invocation of dbt, with what that means.
with dbt_runs as (

    select * from {{ ref('int_dbt_runs_current') }}

),

dbt_results as (

    select * from {{ ref('int_dbt_results_current') }}

),

judged_results as (

    select
        dbt_runs.repository,
        dbt_runs.is_simulated,
        dbt_results.invocation_id,
        dbt_runs.ended_at,
        dbt_results.unique_id,
        regexp_replace(dbt_results.unique_id, '[.].*$', '') as node_kind,
        dbt_results.status,
        -- What was skipped, or only handed on, says nothing of the node itself.
        case
            when dbt_results.status in ('success', 'pass') then 'good'
            when dbt_results.status = 'warn' then 'warned'
            when dbt_results.status in ('error', 'runtime_error', 'partial_success', 'fail') then 'failed'
            else 'unknown'
        end as outcome,
        dbt_results.failure_count,
        dbt_results.execution_ms,
        dbt_results.message,
        dbt_results._event_id
    from dbt_results
    inner join dbt_runs on dbt_results.invocation_id = dbt_runs.invocation_id

)

select * from judged_results
