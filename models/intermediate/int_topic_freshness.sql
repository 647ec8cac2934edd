-- One row per topic that has a freshness of its own, and one for any other (`*`).
with overrides as (

    select * from {{ ref('topic_freshness_overrides') }}

),

shipped as (

    select * from {{ ref('topic_freshness') }}

),

freshness as (

    select
        topic,
        freshness_days,
        source
    from overrides
    union all
    select
        shipped.topic,
        shipped.freshness_days,
        shipped.source
    from shipped
    left join overrides on shipped.topic = overrides.topic
    where overrides.topic is null

)

select * from freshness
