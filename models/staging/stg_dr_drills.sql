-- One row per version of a recovery drill's report that was loaded.
with source as (

    {{ committed_rows('dr_drills') }}

),

renamed as (

    select
        drill_id,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        drill,
        service,
        environment,
        disruption_at,
        detected_at,
        restored_at,
        last_recoverable_at,
        rto_objective_ms,
        rpo_objective_ms,
        -- Written with the algorithm or without: the same digest.
        replace(manifest_sha256, 'sha256:', '') as manifest_sha256,
        replace(restored_manifest_sha256, 'sha256:', '') as restored_manifest_sha256,

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
    -- A step that arrives alone says nothing of its drill.
    where disruption_at is not null

)

select * from renamed
