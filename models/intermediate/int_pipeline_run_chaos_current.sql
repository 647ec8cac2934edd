-- One row per chaos experiment that a run reported itself, of the run's newest version by that reporter.
with run_chaos as (

    select * from {{ ref('stg_pipeline_run_chaos') }}

),

runs as (

    select * from {{ ref('int_pipeline_runs_current') }}

),

current_chaos as (

    select
        run_chaos.*,
        runs.measured_by,
        runs.is_simulated
    from run_chaos
    inner join runs
        on run_chaos._event_id = runs._event_id

)

select * from current_chaos
