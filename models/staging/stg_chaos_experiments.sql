-- One row per version of a chaos experiment's execution that was loaded.
with source as (

    {{ committed_rows('chaos_experiments') }}

),

renamed as (

    select
        chaos_experiment_id,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        experiment,
        fault,
        target,
        environment,
        outcome,
        reason,
        is_deviated,
        is_steady_before,
        is_steady_after,
        coalesce(is_dry_run, false) as is_dry_run,
        is_rollback_ok,
        seed,
        rate_ratio,
        retry_count,
        started_at,
        ended_at,
        tool,
        tool_version,

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
