-- Fails on each target whose unit or direction is not its metric's, or whose thresholds are the wrong way round.
select
    targets.metric_id,
    targets.unit,
    metric_definitions.unit as metric_unit
from {{ ref('int_targets') }} as targets
inner join {{ ref('metric_definitions') }} as metric_definitions on targets.metric_id = metric_definitions.metric_id
where
    targets.unit <> metric_definitions.unit
    or targets.direction <> metric_definitions.direction
    or (targets.direction = 'higher' and targets.green < targets.amber)
    or (targets.direction = 'lower' and targets.green > targets.amber)
    or (targets.green is null) <> (targets.amber is null)
