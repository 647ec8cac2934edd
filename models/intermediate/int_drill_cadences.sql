-- One row per recovery drill that has a cadence of its own, and one for any other (`*`).
with overrides as (

    select * from {{ ref('drill_cadences_overrides') }}

),

shipped as (

    select * from {{ ref('drill_cadences') }}

),

cadences as (

    select
        drill,
        cadence_days,
        source
    from overrides
    union all
    select
        shipped.drill,
        shipped.cadence_days,
        shipped.source
    from shipped
    left join overrides on shipped.drill = overrides.drill
    where overrides.drill is null

)

select * from cadences
