-- One row per version of a VEX document that was loaded, whoever reported it.
with source as (

    {{ committed_rows('vex_documents') }}

),

renamed as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        document_id,
        document_version,
        author,
        author_role,
        issued_at,
        tooling,

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
