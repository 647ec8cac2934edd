-- One row per root cause that a run reported itself, of the run's newest version by that reporter.
with run_findings as (

    select * from {{ ref('stg_pipeline_run_findings') }}

),

runs as (

    select * from {{ ref('int_pipeline_runs_current') }}

),

current_findings as (

    select
        run_findings.*,
        runs.measured_by,
        runs.is_simulated
    from run_findings
    inner join runs
        on run_findings._event_id = runs._event_id

)

select * from current_findings
