-- One row per version of a job that was loaded apart from its run.
with source as (

    {{ committed_rows('pipeline_jobs') }}

),

renamed as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        job_id,
        job_name,
        workflow,
        commit_sha,
        branch,
        status,
        status_original,
        runner_label,
        runner_type,
        queued_at,
        started_at,
        completed_at,
        failed_step_count,
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
