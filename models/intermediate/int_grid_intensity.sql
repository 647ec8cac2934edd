-- One row per region and first day from which a figure for its grid is used, as shipped or as overridden.
with overrides as (

    select * from {{ ref('grid_intensity_overrides') }}

),

shipped as (

    select * from {{ ref('grid_intensity') }}

),

intensities as (

    select
        region,
        from_month,
        g_co2e_per_kwh,
        source
    from overrides
    union all
    select
        shipped.region,
        shipped.from_month,
        shipped.g_co2e_per_kwh,
        shipped.source
    from shipped
    left join overrides
        on
            shipped.region = overrides.region
            and shipped.from_month = overrides.from_month
    where overrides.region is null

)

select
    region,
    cast(from_month || '-01' as date) as from_date,
    g_co2e_per_kwh,
    source
from intensities
