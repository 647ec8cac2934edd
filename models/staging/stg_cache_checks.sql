-- One row per verification of a build cache against its manifest that was loaded.
with source as (

    {{ committed_rows('cache_checks') }}

),

renamed as (

    select
        cache_check_id,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        cache,
        algorithm,
        entry_count,
        mismatched_entry_count,
        missing_entry_count,
        unexpected_entry_count,
        quarantined_entry_count,
        is_signed,
        verdict,
        reason,
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
