-- Each topic of which more events are rejected than its target bears.
{{ config(severity='warn') }}

select
    data_trust.topic,
    data_trust.is_simulated,
    data_trust.rejected_event_count,
    data_trust.event_count,
    data_trust.reject_ratio
from {{ ref('data_trust') }} as data_trust
inner join {{ ref('int_targets') }} as targets
    on targets.metric_id = 'reject_ratio'
where data_trust.reject_ratio > targets.amber
