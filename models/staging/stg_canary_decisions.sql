-- One row per decision about a canary that was loaded.
with source as (

    {{ committed_rows('canary_decisions') }}

),

renamed as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        deployment_provider,
        deployment_id,
        service,
        environment,
        subject_digest,
        rollout_step,
        decision,
        reason,
        window_started_at,
        window_ended_at,
        query,
        metrics_uri,
        baseline_error_rate,
        baseline_success_ratio,
        baseline_latency_p50_ms,
        baseline_latency_p95_ms,
        baseline_latency_p99_ms,
        baseline_requests_per_second,
        canary_error_rate,
        canary_success_ratio,
        canary_latency_p50_ms,
        canary_latency_p95_ms,
        canary_latency_p99_ms,
        canary_requests_per_second,
        notes,
        recorded_at,

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
