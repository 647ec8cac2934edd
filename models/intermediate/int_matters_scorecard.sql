-- One row per metric of the scorecard (real or simulated) that is red, or has a worse colour than four weeks ago.
with scorecard as (

    select * from {{ ref('executive_scorecard') }}
    where is_current and is_complete

),

last_week as (

    select
        scorecard.*,
        four_weeks_before.status as status_four_weeks_ago
    from scorecard
    left join scorecard as four_weeks_before
        on
            scorecard.metric_id = four_weeks_before.metric_id
            and scorecard.is_simulated = four_weeks_before.is_simulated
            and scorecard.weeks_ago + 4 = four_weeks_before.weeks_ago
    where scorecard.weeks_ago = 1

),

-- Red since the week after the newest one that was not.
last_other_weeks as (

    select
        metric_id,
        is_simulated,
        max(week_start_date) as week_start_date
    from scorecard
    where status <> 'red'
    group by metric_id, is_simulated

),

first_weeks as (

    select
        metric_id,
        is_simulated,
        min(week_start_date) as week_start_date
    from scorecard
    group by metric_id, is_simulated

),

judged_metrics as (

    select
        case when last_week.status = 'red' then 'red_metric' else 'worsening_metric' end as kind,
        cast(null as {{ dbt.type_string() }}) as repository,
        last_week.metric_id as subject,
        last_week.is_simulated,
        case
            when last_week.status <> 'red' then cast(last_week.week_start_date as timestamp)
            when last_other_weeks.week_start_date is null then cast(first_weeks.week_start_date as timestamp)
            else cast({{ date_plus('last_other_weeks.week_start_date', 7) }} as timestamp)
        end as since_at,
        last_week.metric_value as size_value,
        last_week.unit as size_unit,
        case
            when last_week.direction = 'lower' then last_week.metric_value / nullif(last_week.target, 0)
            else last_week.target / nullif(last_week.metric_value, 0)
        end as times_allowed,
        last_week.name || ': '
        || case when last_week.status = 'red' then 'far from the target. ' else 'worse than four weeks ago. ' end
        || last_week.why as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        last_week.owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'executive_scorecard' as source_mart,
        {{ filter_text({'metric_id': 'last_week.metric_id'}) }} || ' and is_current' as source_filter
    from last_week
    inner join first_weeks
        on last_week.metric_id = first_weeks.metric_id and last_week.is_simulated = first_weeks.is_simulated
    left join last_other_weeks
        on last_week.metric_id = last_other_weeks.metric_id and last_week.is_simulated = last_other_weeks.is_simulated
    where
        last_week.status = 'red'
        or (last_week.status = 'amber' and last_week.status_four_weeks_ago = 'green')

)

select * from judged_metrics
