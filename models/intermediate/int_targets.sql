-- One row per metric of the executive scorecard: its target, as shipped or as overridden.
with overrides as (

    select * from {{ ref('targets_overrides') }}

),

shipped as (

    select * from {{ ref('targets') }}

),

effective_targets as (

    select
        metric_id,
        direction,
        green,
        amber,
        unit,
        source,
        minimum_sample,
        freshness_days
    from overrides
    union all
    select
        shipped.metric_id,
        shipped.direction,
        shipped.green,
        shipped.amber,
        shipped.unit,
        shipped.source,
        shipped.minimum_sample,
        shipped.freshness_days
    from shipped
    left join overrides on shipped.metric_id = overrides.metric_id
    where overrides.metric_id is null

)

select * from effective_targets
