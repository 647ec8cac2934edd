-- One row per item that a bundle of evidence should hold that was loaded.
with source as (

    {{ committed_rows('evidence_items') }}

),

renamed as (

    select
        evidence_bundle_id,
        created_at,
        ordinal,
        evidence_type,
        item_path,
        item_sha256,
        is_present,
        is_verified,
        reason,

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
