-- One row per step of each version of a recovery drill's report that was loaded.
with source as (

    {{ committed_rows('dr_drill_steps') }}

),

renamed as (

    select
        drill_id,
        disruption_at,
        ordinal,
        step,
        started_at,
        ended_at,
        status,
        notes,

        _load_id,
        _generation,
        _event_id,
        _source_line,
        _contract,
        _emitted_at,
        _loaded_at,
        _committed_at
    from source

)

select * from renamed
