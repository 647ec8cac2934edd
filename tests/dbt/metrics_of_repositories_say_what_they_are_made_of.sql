-- Fails for a metric that adds up over repositories and of which nothing says what to load, and the other way round.
with metrics as (

    {% for metric_id in metrics_of_repositories() -%}
        select '{{ metric_id }}' as metric_id
        {% if not loop.last %} union all {% endif %}
    {%- endfor %}

),

descriptions as (

    select metric_id from {{ ref('metric_evidence') }}

),

counted as (

    select count(*) as description_count from descriptions

)

select
    metrics.metric_id,
    descriptions.metric_id as described_metric_id
from metrics
full outer join descriptions on metrics.metric_id = descriptions.metric_id
cross join counted
where
    (metrics.metric_id is null or descriptions.metric_id is null)
    -- `dbt build --empty` leaves no seed a row.
    and counted.description_count > 0
