-- One row per origin (real or simulated), metric and day of the series that is most unusual for the worse, with its control band.
with control_limits as (

    select * from {{ ref('control_limits') }}

),

series as (

    select
        is_simulated,
        metric_id,
        repository,
        workflow,
        environment,
        max(case when is_anomaly and direction = 'worse' then metric_date end) as last_unusual_date,
        sum({{ one_if("is_anomaly and direction = 'worse'") }}) as unusual_day_count
    from control_limits
    group by is_simulated, metric_id, repository, workflow, environment

),

-- Unusual until most lately, then on most days; where nothing was, the first by name, so that there is always a picture.
ranked_series as (

    select
        *,
        row_number() over (
            partition by is_simulated, metric_id
            order by
                case when last_unusual_date is null then 1 else 0 end,
                last_unusual_date desc,
                unusual_day_count desc,
                repository,
                workflow,
                environment
        ) as rank_number
    from series

),

series_days as (

    select
        control_limits.is_simulated,
        control_limits.metric_id,
        control_limits.metric_date,
        control_limits.repository,
        control_limits.workflow,
        control_limits.environment,
        control_limits.repository || ', ' || control_limits.workflow
        || case when control_limits.environment = '(none)' then '' else ' to ' || control_limits.environment end as series,
        control_limits.metric_value,
        control_limits.ewma,
        control_limits.baseline_mean,
        control_limits.lower_limit,
        control_limits.upper_limit,
        control_limits.is_anomaly,
        control_limits.unit
    from control_limits
    inner join ranked_series
        on
            control_limits.is_simulated = ranked_series.is_simulated
            and control_limits.metric_id = ranked_series.metric_id
            and control_limits.repository = ranked_series.repository
            and control_limits.workflow = ranked_series.workflow
            and control_limits.environment = ranked_series.environment
    where ranked_series.rank_number = 1

)

select * from series_days
