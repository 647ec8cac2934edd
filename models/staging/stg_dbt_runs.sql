-- One row per invocation of dbt that was loaded.
with source as (

    {{ committed_rows('dbt_runs') }}

),

renamed as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        invocation_id,
        command,
        dbt_version,
        started_at,
        ended_at,
        elapsed_ms,
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
