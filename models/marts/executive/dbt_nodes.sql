-- One row per repository and node of its dbt project that was ever built or tested.
with dbt_results as (

    select * from {{ ref('int_dbt_results_judged') }}

),

newest_runs as (

    select
        repository,
        max(ended_at) as newest_ended_at
    from {{ ref('int_dbt_runs_current') }}
    group by repository

),

last_good as (

    select
        repository,
        unique_id,
        max(ended_at) as last_good_at
    from dbt_results
    where outcome = 'good'
    group by repository, unique_id

),

-- The newest result that says something; a skipped node is as good or bad as it was.
newest_results as (

    select *
    from dbt_results
    where outcome <> 'unknown'
    qualify row_number() over (
        partition by repository, unique_id
        order by ended_at desc, invocation_id desc
    ) = 1

),

bad_streaks as (

    select
        dbt_results.repository,
        dbt_results.unique_id,
        min(dbt_results.ended_at) as bad_since_at,
        count(*) as bad_result_count
    from dbt_results
    left join last_good
        on
            dbt_results.repository = last_good.repository
            and dbt_results.unique_id = last_good.unique_id
    where
        dbt_results.outcome in ('warned', 'failed')
        and (last_good.last_good_at is null or dbt_results.ended_at > last_good.last_good_at)
    group by dbt_results.repository, dbt_results.unique_id

),

dated_nodes as (

    select
        newest_results.repository,
        newest_results.unique_id,
        newest_results.node_kind,
        newest_results.outcome,
        newest_results.status,
        newest_results.failure_count,
        newest_results.execution_ms,
        newest_results.message,
        newest_results.invocation_id as last_invocation_id,
        newest_results.ended_at as last_run_at,
        last_good.last_good_at,
        -- What has not been selected for a week before the newest invocation was renamed or removed.
        newest_results.ended_at >= {{ moment_plus('newest_runs.newest_ended_at', -7, 'day') }} as is_current,
        case when newest_results.outcome <> 'good' then bad_streaks.bad_since_at end as bad_since_at,
        case when newest_results.outcome <> 'good' then bad_streaks.bad_result_count else 0 end as bad_result_count,
        newest_results.is_simulated,
        newest_results._event_id
    from newest_results
    inner join newest_runs on newest_results.repository = newest_runs.repository
    left join last_good
        on
            newest_results.repository = last_good.repository
            and newest_results.unique_id = last_good.unique_id
    left join bad_streaks
        on
            newest_results.repository = bad_streaks.repository
            and newest_results.unique_id = bad_streaks.unique_id

)

select
    *,
    is_current and outcome <> 'good' as is_unfixed
from dated_nodes
