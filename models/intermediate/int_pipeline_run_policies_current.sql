-- One row per policy decision that a run reported itself, of the run's newest version by that reporter.
with run_policies as (

    select * from {{ ref('stg_pipeline_run_policies') }}

),

runs as (

    select * from {{ ref('int_pipeline_runs_current') }}

),

current_policies as (

    select
        run_policies.*,
        runs.measured_by,
        runs.is_simulated
    from run_policies
    inner join runs
        on run_policies._event_id = runs._event_id

)

select * from current_policies
