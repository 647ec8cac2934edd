-- One row per node of a loaded invocation of dbt.
with source as (

    {{ committed_rows('dbt_results') }}

),

renamed as (

    select
        invocation_id,
        ended_at,
        ordinal,
        unique_id,
        status,
        status_original,
        failure_count,
        execution_ms,
        message,

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
