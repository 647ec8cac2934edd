-- One row per root cause of a failed run, or of an incident that was loaded.
with source as (

    {{ committed_rows('autopsy_findings') }}

),

renamed as (

    select
        autopsy_finding_id,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        incident_id,
        incident_provider,
        tool,
        category,
        pattern,
        message,
        file_path,
        line_number,
        suggestion,
        severity,
        confidence,
        docs_uri,
        found_at,

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
