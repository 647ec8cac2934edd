-- One row per metadata entry of a measurement of a job that was loaded.
with source as (

    {{ committed_rows('job_telemetry_metadata') }}

),

renamed as (

    select
        job_telemetry_id,
        recorded_at,
        ordinal,
        key,
        value,

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
