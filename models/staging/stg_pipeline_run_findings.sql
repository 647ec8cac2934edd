-- One row per root cause of a version of a pipeline run that was loaded.
with source as (

    {{ committed_rows('pipeline_run_findings') }}

),

renamed as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        started_at,
        ordinal,
        pattern,
        suggestion,
        tool,
        file_path,
        line_number,
        message,
        severity,
        docs_uri,

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
