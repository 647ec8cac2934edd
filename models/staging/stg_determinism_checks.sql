-- One row per check of whether two builds of the same source are the same that was loaded.
with source as (

    {{ committed_rows('determinism_checks') }}

),

renamed as (

    select
        determinism_check_id,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        subject,
        subject_digest,
        kind,
        verdict,
        first_digest,
        second_digest,
        first_built_at,
        second_built_at,
        differing_files,
        differing_file_count,
        first_cause,
        environment,
        tool,
        tool_version,
        checked_at,

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

)

select * from renamed
