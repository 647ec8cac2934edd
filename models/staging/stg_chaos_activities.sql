-- One row per activity of each version of a chaos experiment's execution that was loaded.
with source as (

    {{ committed_rows('chaos_activities') }}

),

renamed as (

    select
        chaos_experiment_id,
        started_at,
        ordinal,
        phase,
        activity_kind,
        activity_name,
        status,
        is_tolerated,
        exit_code,
        coalesce(is_background, false) as is_background,
        activity_started_at,
        activity_ended_at,
        message,

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
