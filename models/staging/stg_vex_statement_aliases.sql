-- One row per further identifier of a statement's vulnerability that was loaded.
with source as (

    {{ committed_rows('vex_statement_aliases') }}

),

renamed as (

    select
        document_id,
        document_version,
        issued_at,
        ordinal,
        alias,

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
