-- One row per mutation report that was loaded.
with source as (

    {{ committed_rows('mutation_runs') }}

),

renamed as (

    select
        mutation_run_id,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        branch,
        tool,
        tool_version,
        target,
        coalesce(scope, '(none)') as scope,
        generated_at,
        threshold_ratio,

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
