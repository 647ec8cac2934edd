-- One row per metric of the evidence itself, week and origin in which something arrived.
with load_weeks as (

    select
        {{ week_of('loaded_at') }} as week_start_date,
        is_simulated,
        sum(rejected_event_count) as rejected_event_count,
        sum(loaded_event_count + rejected_event_count) as event_count,
        max(loaded_at) as measured_at
    from {{ ref('stg_load_topics') }}
    group by 1, 2

)

select
    'reject_ratio' as metric_id,
    week_start_date,
    is_simulated,
    {{ safe_ratio('rejected_event_count', 'event_count') }} as metric_value,
    rejected_event_count as numerator,
    event_count as denominator,
    event_count as sample_count,
    measured_at
from load_weeks
