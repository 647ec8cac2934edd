-- One row per invocation of dbt.
with dbt_runs as (

    select * from {{ ref('int_dbt_runs_current') }}

),

dbt_results as (

    select * from {{ ref('int_dbt_results_judged') }}

),

result_counts as (

    select
        invocation_id,
        count(*) as node_count,
        count(case when node_kind in ('test', 'unit_test') then 1 end) as test_count,
        count(case when node_kind in ('test', 'unit_test') and outcome = 'failed' then 1 end) as failed_test_count,
        count(case when outcome = 'warned' then 1 end) as warned_test_count,
        count(case when node_kind not in ('test', 'unit_test') and outcome = 'failed' then 1 end) as failed_model_count,
        count(case when status = 'skipped' then 1 end) as skipped_node_count,
        count(case when status = 'unknown' then 1 end) as unknown_node_count
    from dbt_results
    group by invocation_id

),

counted_runs as (

    select
        dbt_runs.invocation_id,
        dbt_runs.repository,
        dbt_runs.provider,
        dbt_runs.run_id,
        dbt_runs.commit_sha,
        dbt_runs.command,
        dbt_runs.dbt_version,
        dbt_runs.started_at,
        dbt_runs.ended_at,
        cast(dbt_runs.ended_at as date) as ended_date,
        dbt_runs.elapsed_ms,
        row_number() over (
            partition by dbt_runs.repository
            order by dbt_runs.ended_at desc, dbt_runs.invocation_id desc
        ) = 1 as is_newest,
        coalesce(result_counts.node_count, 0) as node_count,
        coalesce(result_counts.test_count, 0) as test_count,
        coalesce(result_counts.failed_test_count, 0) as failed_test_count,
        coalesce(result_counts.warned_test_count, 0) as warned_test_count,
        coalesce(result_counts.failed_model_count, 0) as failed_model_count,
        coalesce(result_counts.skipped_node_count, 0) as skipped_node_count,
        coalesce(result_counts.unknown_node_count, 0) as unknown_node_count,
        dbt_runs.is_simulated,
        dbt_runs._event_id
    from dbt_runs
    left join result_counts on dbt_runs.invocation_id = result_counts.invocation_id

)

select
    *,
    case
        when node_count = 0 then 'grey'
        when failed_test_count + failed_model_count > 0 then 'red'
        when warned_test_count + skipped_node_count + unknown_node_count > 0 then 'amber'
        else 'green'
    end as status
from counted_runs
