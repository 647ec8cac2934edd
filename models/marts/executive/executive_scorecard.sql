-- One row per week (Monday to Sunday, UTC), metric and origin (real or simulated); each metric has one pillar.
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
        metric_weeks.sample_count,
        metric_weeks.metric_value is not null and metric_weeks.sample_count >= expected_weeks.minimum_sample
            as is_sufficient
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

dated_weeks as (

    select
        measured_weeks.*,
        last_measurements.measured_at,
        {{ dbt.datediff('last_measurements.measured_at', 'measured_weeks.known_until_at', 'day') }} as age_days,
        four_weeks_before.metric_value as metric_value_four_weeks_ago
    from measured_weeks
    left join last_measurements
        on
            measured_weeks.week_start_date = last_measurements.week_start_date
            and measured_weeks.metric_id = last_measurements.metric_id
            and measured_weeks.is_simulated = last_measurements.is_simulated
    -- A part of a week is never held against a whole one, nor much against too little.
    left join measured_weeks as four_weeks_before
        on
            measured_weeks.is_complete
            and measured_weeks.is_sufficient
            and four_weeks_before.is_sufficient
            and measured_weeks.weeks_ago + 4 = four_weeks_before.weeks_ago
            and measured_weeks.metric_id = four_weeks_before.metric_id
            and measured_weeks.is_simulated = four_weeks_before.is_simulated

),

judged_weeks as (

    select
        *,
        case
            when measured_at is null then 'never_measured'
            when not is_complete then 'in_progress'
            when metric_value is null and age_days > freshness_days then 'stale'
            when metric_value is null then 'nothing_counted'
            when not is_sufficient then 'too_little'
            when age_days > freshness_days then 'stale'
            when green is null then 'no_target'
        end as grey_reason,
        case
            when direction = 'higher' and metric_value >= green then 'green'
            when direction = 'higher' and metric_value >= amber then 'amber'
            when direction = 'lower' and metric_value <= green then 'green'
            when direction = 'lower' and metric_value <= amber then 'amber'
            else 'red'
        end as colour
    from dated_weeks

)

select
    week_start_date,
    is_complete,
    weeks_ago,
    pillar,
    metric_id,
    metric_version,
    name,
    is_simulated,
    metric_value,
    numerator,
    denominator,
    sample_count,
    minimum_sample,
    unit,
    direction,
    green as target,
    amber as amber_threshold,
    case when grey_reason is null then colour else 'grey' end as status,
    grey_reason,
    case grey_reason
        when 'never_measured' then 'Never measured: no evidence for it had been loaded.'
        when 'in_progress' then 'The week is not over.'
        when 'stale'
            then
                'Last measured ' || cast(age_days as {{ dbt.type_string() }})
                || ' days before the end of the week: too long ago to say anything.'
        when 'nothing_counted' then 'Nothing was counted in this week.'
        when 'too_little'
            then
                'Too little data: ' || cast(sample_count as {{ dbt.type_string() }}) || ' of at least '
                || cast(minimum_sample as {{ dbt.type_string() }}) || '.'
        when 'no_target' then {{ readable('metric_value', 'unit') }} || '; no target is set, only the trend counts.'
        else
            {{ readable('metric_value', 'unit') }}
            || case
                when denominator is not null
                    then
                        ' (' || {{ readable('numerator', "'count'") }} || ' of '
                        || {{ readable('denominator', "'count'") }} || ')'
                else ''
            end
            || case when direction = 'higher' then '; wanted is at least ' else '; wanted is at most ' end
            || {{ readable('green', 'unit') }} || '.'
    end as why,
    metric_value_four_weeks_ago,
    case
        when metric_value_four_weeks_ago is not null then metric_value - metric_value_four_weeks_ago
    end as change_over_four_weeks,
    case
        when metric_value_four_weeks_ago is null then 'unknown'
        when metric_value = metric_value_four_weeks_ago then 'same'
        when (metric_value > metric_value_four_weeks_ago) = (direction = 'higher') then 'better'
        else 'worse'
    end as trend,
    measured_at,
    age_days,
    freshness_days,
    owner
from judged_weeks
