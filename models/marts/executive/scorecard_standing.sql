-- One row per metric and origin (real or simulated): where it stands in the latest complete week, and since when.
with executive_scorecard as (

    select * from {{ ref('executive_scorecard') }}
    where is_complete and is_current

),

dashboard_metrics as (

    select * from {{ ref('dashboard_metrics') }}

),

latest_weeks as (

    select * from executive_scorecard
    where weeks_ago = 1

),

-- The status is as old as the week after the last one that had another.
metric_histories as (

    select
        latest_weeks.metric_id,
        latest_weeks.is_simulated,
        min(executive_scorecard.week_start_date) as first_week_start_date,
        max(case when executive_scorecard.status != latest_weeks.status then executive_scorecard.week_start_date end)
            as last_other_week_start_date
    from latest_weeks
    inner join executive_scorecard
        on
            latest_weeks.metric_id = executive_scorecard.metric_id
            and latest_weeks.is_simulated = executive_scorecard.is_simulated
    group by latest_weeks.metric_id, latest_weeks.is_simulated

),

standings as (

    select
        row_number() over (
            partition by latest_weeks.is_simulated
            order by
                case latest_weeks.status when 'red' then 1 when 'amber' then 2 when 'grey' then 3 else 4 end,
                case latest_weeks.trend when 'worse' then 1 when 'same' then 2 when 'unknown' then 3 else 4 end,
                latest_weeks.pillar,
                latest_weeks.name,
                latest_weeks.metric_id
        ) as rank_number,
        latest_weeks.metric_id,
        latest_weeks.is_simulated,
        latest_weeks.pillar,
        coalesce(dashboard_metrics.dashboard, '(none)') as dashboard,
        latest_weeks.name,
        latest_weeks.week_start_date,
        latest_weeks.status,
        coalesce(
            {{ date_plus('metric_histories.last_other_week_start_date', 7) }},
            metric_histories.first_week_start_date
        ) as since_week_start_date,
        metric_histories.last_other_week_start_date is not null as is_beginning_known,
        latest_weeks.why,
        latest_weeks.trend,
        case latest_weeks.trend
            when 'worse' then '▼ worse'
            when 'better' then '▲ better'
            when 'same' then '= same'
            else '– not comparable'
        end as movement,
        latest_weeks.metric_value,
        latest_weeks.target,
        latest_weeks.unit,
        latest_weeks.owner
    from latest_weeks
    inner join metric_histories
        on
            latest_weeks.metric_id = metric_histories.metric_id
            and latest_weeks.is_simulated = metric_histories.is_simulated
    left join dashboard_metrics on latest_weeks.metric_id = dashboard_metrics.metric_id

)

select
    *,
    case when is_beginning_known then '' else 'before ' end || cast(since_week_start_date as {{ dbt.type_string() }}) as since
from standings
