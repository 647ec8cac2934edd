-- One row per mutant (mutation_run_id, ordinal) of a mutation report.
with mutants as (

    select * from {{ ref('stg_mutants') }}

),

mutation_runs_current as (

    select * from {{ ref('int_mutation_runs_current') }}

),

-- Of the loads that brought the same report, only the newest one's rows count.
current_mutants as (

    select mutants.*
    from mutants
    inner join mutation_runs_current
        on mutants._event_id = mutation_runs_current._event_id

)

select * from current_mutants
