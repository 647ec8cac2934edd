-- One row per metric of resilience, week and origin in which something was counted or known.
with experiment_weeks as (

    select
        week_start_date,
        is_simulated,
        sum(recovered_experiment_count) as recovered_experiment_count,
        sum(counted_experiment_count) as counted_experiment_count,
        max(started_at) as measured_at
    from {{ ref('chaos_experiments') }}
    where is_counted
    group by week_start_date, is_simulated

),

weeks as (

    select * from {{ ref('int_scorecard_weeks') }}

),

dr_drills as (

    select
        *,
        coalesce(repository, '(none)') || ' ' || service || ' ' || drill as series
    from {{ ref('dr_drills') }}
    where counted_drill_count = 1 and held_at is not null

),

-- What was known of each kind of drill when the week was over.
drill_weeks as (

    select
        weeks.week_start_date,
        weeks.known_until_at,
        dr_drills.series,
        dr_drills.is_simulated,
        dr_drills.met_drill_count,
        dr_drills.held_at,
        {{ dbt.datediff('dr_drills.held_at', 'weeks.known_until_at', 'day') }} <= dr_drills.cadence_days as is_recent
    from dr_drills
    inner join weeks on dr_drills.held_at < weeks.known_until_at
    qualify row_number() over (
        partition by weeks.week_start_date, dr_drills.series, dr_drills.is_simulated
        order by dr_drills.held_at desc, dr_drills.drill_id desc
    ) = 1

),

series_weeks as (

    select
        week_start_date,
        is_simulated,
        sum(met_drill_count) as met_series_count,
        count(case when is_recent then 1 end) as recent_series_count,
        count(*) as series_count,
        max(held_at) as last_held_at,
        max(known_until_at) as known_until_at
    from drill_weeks
    group by week_start_date, is_simulated

),

metric_weeks as (

    select
        'resilience_ratio' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('recovered_experiment_count', 'counted_experiment_count') }} as metric_value,
        recovered_experiment_count as numerator,
        counted_experiment_count as denominator,
        counted_experiment_count as sample_count,
        measured_at
    from experiment_weeks
    union all
    select
        'drills_met_ratio' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('met_series_count', 'series_count') }} as metric_value,
        met_series_count as numerator,
        series_count as denominator,
        series_count as sample_count,
        last_held_at as measured_at
    from series_weeks
    union all
    select
        'drill_freshness_ratio' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('recent_series_count', 'series_count') }} as metric_value,
        recent_series_count as numerator,
        series_count as denominator,
        series_count as sample_count,
        -- The calendar measures it anew every day.
        known_until_at as measured_at
    from series_weeks

)

select * from metric_weeks
