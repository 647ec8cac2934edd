-- One row per version of a recovery drill's step that arrived alone.
with source as (

    {{ committed_rows('dr_drills') }}

),

renamed as (

    select
        drill_id,
        step,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        started_at,
        ended_at,
        status,
        notes,

        {{ is_simulated('repository') }} as is_simulated,

        _load_id,
        _generation,
        _event_id,
        _source_line,
        _contract,
        _emitted_at,
        _loaded_at,
        _committed_at
    from source
    where step is not null

)

select * from renamed
