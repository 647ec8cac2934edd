-- One row per job that a run reported itself, of the run's newest version by that reporter.
with run_jobs as (

    select * from {{ ref('stg_pipeline_run_jobs') }}

),

runs as (

    select * from {{ ref('int_pipeline_runs_current') }}

),

current_jobs as (

    select
        run_jobs.*,
        runs.measured_by,
        runs.is_simulated
    from run_jobs
    inner join runs
        on
            run_jobs._event_id = runs._event_id
            -- Loaded with it: who asks for the jobs of some days reads the runs of these days.
            and run_jobs._loaded_at = runs._loaded_at

)

select * from current_jobs
