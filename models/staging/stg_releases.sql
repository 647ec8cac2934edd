-- One row per version of a release that was loaded.
with source as (

    {{ committed_rows('releases') }}

),

renamed as (

    select
        repository,
        tag,
        artifact_digest,
        artifact_name,
        commit_sha,
        released_at,
        is_prerelease,
        platforms,
        uri,
        provider,
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
