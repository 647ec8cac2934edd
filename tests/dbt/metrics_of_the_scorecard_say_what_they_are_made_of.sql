-- Fails for a metric of the scorecard of which nothing says what to load, and the other way round.
with metrics as (

    select metric_id from {{ ref('targets') }}

),

descriptions as (

    select metric_id from {{ ref('metric_evidence') }}

)

select
    metrics.metric_id,
    descriptions.metric_id as described_metric_id
from metrics
full outer join descriptions on metrics.metric_id = descriptions.metric_id
where metrics.metric_id is null or descriptions.metric_id is null
