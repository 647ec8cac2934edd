-- One row per measurement of a job that was loaded, repeated ones among them.
with source as (

    {{ committed_rows('job_telemetry') }}

),

renamed as (

    select
        job_telemetry_id,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        duration_ms,
        queue_ms,
        status,
        test_count,
        is_cache_hit,
        changed_file_count,
        runner_type,
        runner_size,
        recorded_at,
        notes,
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
