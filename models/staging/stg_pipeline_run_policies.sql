-- One row per policy decision of a version of a pipeline run that was loaded.
with source as (

    {{ committed_rows('pipeline_run_policies') }}

),

renamed as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        started_at,
        ordinal,
        policy_id,
        decision,
        reason,
        docs_uri,
        duration_ns,

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
