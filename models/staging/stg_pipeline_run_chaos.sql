-- One row per chaos experiment of a version of a pipeline run that was loaded.
with source as (

    {{ committed_rows('pipeline_run_chaos') }}

),

renamed as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        started_at,
        ordinal,
        fault,
        target,
        seed,
        rate_ratio,
        experiment_started_at,
        experiment_ended_at,
        outcome,
        retry_count,

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
