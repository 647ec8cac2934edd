-- One row per bad entry of a check of a cache that was loaded.
with source as (

    {{ committed_rows('cache_bad_entries') }}

),

renamed as (

    select
        cache_check_id,
        checked_at,
        ordinal,
        entry_key,
        problem,
        expected_digest,
        actual_digest,
        entry_bytes,
        is_quarantined,

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
