-- One row per rule of a policy decided on one subject, as a policy engine reported it.
with source as (

    {{ committed_rows('policy_decisions') }}

),

renamed as (

    select
        policy_decision_id,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        policy_id,
        rule,
        engine,
        engine_version,
        mode,
        decision,
        subject,
        subject_digest,
        environment,
        deployment_id,
        reason,
        docs_uri,
        duration_ns,
        decided_at,

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
