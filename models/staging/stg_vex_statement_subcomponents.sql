-- One row per component that a statement is about that was loaded.
with source as (

    {{ committed_rows('vex_statement_subcomponents') }}

),

renamed as (

    select
        document_id,
        document_version,
        issued_at,
        ordinal,
        subcomponent,

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
