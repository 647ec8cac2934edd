-- One row per job of a version of a pipeline run that was loaded.
with source as (

    {{ committed_rows('pipeline_run_jobs') }}

),

renamed as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        started_at,
        ordinal,
        job_id,
        job_name,
        status,
        job_attempt,
        duration_ms,
        queue_ms,
        job_queued_at,
        job_started_at,
        job_completed_at,
        failed_step_count,
        is_cache_hit,
        cache_key,
        machine_class,
        machine_cpu,
        machine_ram_gb,
        runner_label,
        logs_uri,

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
