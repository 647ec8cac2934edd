-- One row per component of an SBOM document that was loaded.
with source as (

    {{ committed_rows('sbom_components') }}

),

renamed as (

    select
        sbom_id,
        created_at,
        ordinal,
        component_name,
        component_group,
        component_version,
        component_purl,
        component_type,
        scope,
        supplier,
        licences,
        depth,

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
