-- One row per week of the scorecard, metric and origin (real or simulated): what is known of it now.
{{ config(materialized='table') }}

with weeks as (

    select * from {{ ref('int_scorecard_weeks') }}

),

metric_definitions as (

    select * from {{ ref('metric_definitions') }}

),

targets as (

    select * from {{ ref('int_targets') }}

),

metric_weeks as (

    select * from {{ ref('int_metric_weeks') }}

),

-- Real evidence always has its rows, also where there is none; simulated only where some was loaded.
origins as (

    select false as is_simulated
    union distinct
    select is_simulated from metric_weeks

),

expected_weeks as (

    select
        weeks.week_start_date,
        weeks.is_complete,
        weeks.known_until_at,
        weeks.weeks_ago,
        origins.is_simulated,
        metric_definitions.metric_id,
        metric_definitions.metric_version,
        metric_definitions.pillar,
        metric_definitions.name,
        metric_definitions.unit,
        metric_definitions.direction,
        metric_definitions.owner,
        targets.green,
        targets.amber,
        targets.minimum_sample,
        targets.freshness_days
    from weeks
    cross join metric_definitions
    cross join origins
    -- The catalogue has more metrics; those of the scorecard have a row among the targets, if only to say that there is none.
    inner join targets on metric_definitions.metric_id = targets.metric_id

),

measured_weeks as (

    select
        expected_weeks.*,
        metric_weeks.metric_value,
        metric_weeks.numerator,
        metric_weeks.denominator,
        metric_weeks.sample_count
    from expected_weeks
    left join metric_weeks
        on
            expected_weeks.metric_id = metric_weeks.metric_id
            and expected_weeks.week_start_date = metric_weeks.week_start_date
            and expected_weeks.is_simulated = metric_weeks.is_simulated

),

-- The newest measurement that was known when the week was over, be it of an earlier week.
last_measurements as (

    select
        weeks.week_start_date,
        metric_weeks.metric_id,
        metric_weeks.is_simulated,
        max(metric_weeks.measured_at) as measured_at
    from weeks
    inner join metric_weeks on weeks.week_start_date >= metric_weeks.week_start_date
    group by weeks.week_start_date, metric_weeks.metric_id, metric_weeks.is_simulated

),

known_weeks as (

    select
        measured_weeks.*,
        last_measurements.measured_at
    from measured_weeks
    left join last_measurements
        on
            measured_weeks.week_start_date = last_measurements.week_start_date
            and measured_weeks.metric_id = last_measurements.metric_id
            and measured_weeks.is_simulated = last_measurements.is_simulated

)

select * from known_weeks
