-- One row per step of a recovery drill (drill_id, step): what is known of it, from its report or from itself.
with dr_drills as (

    select _event_id from {{ ref('int_dr_drills_current') }}

),

reported_steps as (

    select steps.*
    from {{ ref('stg_dr_drill_steps') }} as steps
    inner join dr_drills on steps._event_id = dr_drills._event_id

),

step_versions as (

    select
        drill_id,
        step,
        ordinal,
        started_at,
        ended_at,
        status,
        notes,
        _load_id,
        _generation,
        _event_id,
        _source_line,
        _emitted_at,
        _loaded_at
    from reported_steps
    union all
    select
        drill_id,
        step,
        null as ordinal,
        started_at,
        ended_at,
        status,
        notes,
        _load_id,
        _generation,
        _event_id,
        _source_line,
        _emitted_at,
        _loaded_at
    from {{ ref('int_dr_drill_lone_steps_current') }}

),

current_steps as (

    select
        drill_id,
        step,
        max(ordinal) over (partition by drill_id, step) as ordinal,
        started_at,
        ended_at,
        status,
        notes,
        _event_id
    from step_versions
    -- A plan that names a step does not say how it ended: whoever does, wins. Between those, the newest.
    qualify row_number() over (
        partition by drill_id, step
        order by case when status is null then 1 else 0 end, {{ newest_first() }}
    ) = 1

)

select * from current_steps
