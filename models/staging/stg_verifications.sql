-- One row per check of one artifact that was loaded, whoever reported it.
with source as (

    {{ committed_rows('verifications') }}

),

renamed as (

    select
        verification_id,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        subject_digest,
        subject_name,
        check_name,
        verdict,
        reason_codes,
        reasons,
        tool,
        tool_version,
        identity,
        issuer,
        log_id,
        log_index,
        log_integrated_at,
        slsa_build_level,
        platform,
        checked_at,
        evidence_uri,

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
