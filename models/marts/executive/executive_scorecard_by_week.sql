-- One row per week, pillar and origin (real or simulated): how many of the scorecard's metrics had which colour.
with executive_scorecard as (

    select * from {{ ref('executive_scorecard') }}
    where is_current

),

pillar_weeks as (

    select
        week_start_date,
        pillar,
        is_simulated,
        is_complete,
        weeks_ago,
        count(*) as metric_count,
        sum({{ one_if("status = 'green'") }}) as green_metric_count,
        sum({{ one_if("status = 'amber'") }}) as amber_metric_count,
        sum({{ one_if("status = 'red'") }}) as red_metric_count,
        sum({{ one_if("status = 'grey'") }}) as grey_metric_count
    from executive_scorecard
    group by week_start_date, pillar, is_simulated, is_complete, weeks_ago

)

select
    week_start_date,
    pillar,
    is_simulated,
    is_complete,
    weeks_ago,
    cast(metric_count as {{ dbt.type_bigint() }}) as metric_count,
    cast(green_metric_count as {{ dbt.type_bigint() }}) as green_metric_count,
    cast(amber_metric_count as {{ dbt.type_bigint() }}) as amber_metric_count,
    cast(red_metric_count as {{ dbt.type_bigint() }}) as red_metric_count,
    cast(grey_metric_count as {{ dbt.type_bigint() }}) as grey_metric_count
from pillar_weeks
