-- One row per finding of a scan that was loaded.
with source as (

    {{ committed_rows('vulnerabilities') }}

),

renamed as (

    select
        vulnerability_scan_id,
        scanned_at,
        ordinal,
        vulnerability_id,
        component_purl,
        component_name,
        component_version,
        component_type,
        location,
        severity,
        cvss_version,
        cvss_vector,
        cvss_score,
        epss_probability,
        cast(epss_date as date) as epss_date,
        is_kev,
        fixed_in_versions,
        fix_state,

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
