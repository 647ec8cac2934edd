-- One row per bundle that was put together as the evidence of a release that was loaded.
with source as (

    {{ committed_rows('evidence_bundles') }}

),

renamed as (

    select
        evidence_bundle_id,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        release_tag,
        artifact_digest,
        bundle_uri,
        bundle_sha256,
        is_complete,
        tool,
        tool_version,
        created_at,

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
