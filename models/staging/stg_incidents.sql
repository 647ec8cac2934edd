-- One row per version of an incident that was loaded.
with source as (

    {{ committed_rows('incidents') }}

),

renamed as (

    select
        provider,
        incident_id,
        repository,
        service,
        environment,
        severity,
        opened_at,
        acknowledged_at,
        resolved_at,
        updated_at,
        deployment_id,
        deployment_provider,
        artifact_digest,
        reverted_commit_sha,
        uri,
        run_id,
        run_attempt,
        job,
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
