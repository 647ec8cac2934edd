-- One row per threshold of a version of an entry of the catalogue.
with source as (

    {{ committed_rows('repository_thresholds') }}

),

renamed as (

    select
        repository,
        valid_from,
        ordinal,
        metric_id,
        threshold,

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
