-- One row per component of an SBOM document, of its parent's newest version.
with sbom_components as (

    select * from {{ ref('stg_sbom_components') }}

),

sboms_current as (

    select * from {{ ref('int_sboms_current') }}

),

-- Children follow their parent's winning event: one that a correction left out must not live on.
current_sbom_components as (

    select sbom_components.*
    from sbom_components
    inner join sboms_current
        on sbom_components._event_id = sboms_current._event_id

)

select * from current_sbom_components
