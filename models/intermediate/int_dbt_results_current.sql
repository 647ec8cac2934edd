-- One row per node (invocation_id, ordinal) of an invocation of dbt.
with dbt_results as (

    select * from {{ ref('stg_dbt_results') }}

),

dbt_runs_current as (

    select * from {{ ref('int_dbt_runs_current') }}

),

-- Of the loads that brought the same invocation, only the newest one's rows count.
current_dbt_results as (

    select dbt_results.*
    from dbt_results
    inner join dbt_runs_current
        on dbt_results._event_id = dbt_runs_current._event_id

)

select * from current_dbt_results
