-- One row per statement of a VEX document and product that was loaded.
with source as (

    {{ committed_rows('vex_statements') }}

),

renamed as (

    select
        document_id,
        document_version,
        issued_at,
        ordinal,
        vulnerability_id,
        product,
        product_purl,
        product_digest,
        status,
        justification,
        impact_statement,
        action_statement,
        -- A statement without a time of its own was made with its document.
        coalesce(stated_at, issued_at) as stated_at,
        expires_at,

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
