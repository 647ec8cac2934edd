-- One row per SBOM document that was loaded, whoever reported it.
with source as (

    {{ committed_rows('sboms') }}

),

renamed as (

    select
        sbom_id,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        document_id,
        document_version,
        format,
        spec_version,
        tool,
        tool_version,
        created_at,
        subject_digest,
        subject_name,
        subject_version,
        subject_purl,
        subject_type,

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
