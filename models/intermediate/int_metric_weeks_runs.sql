-- One row per metric of runs, week and origin in which something was counted.
{%- set first_week = date_plus(week_of(as_of()), -7 * 13) %}
with run_weeks as (

    select
        {{ week_of('started_date') }} as week_start_date,
        is_simulated,
        sum(succeeded_run_count) as succeeded_run_count,
        sum(concluded_run_count) as concluded_run_count,
        sum(first_pass_run_count) as first_pass_run_count,
        sum(first_attempt_run_count) as first_attempt_run_count,
        max(cast(started_date as timestamp)) as measured_at
    from {{ ref('run_health') }}
    group by 1, 2

),

-- A percentile is dear, and does not add up. Of the weeks before those of the scorecard it needs only the last.
last_earlier_weeks as (

    select
        is_simulated,
        {{ week_of('max(run_started_date)') }} as week_start_date
    from {{ ref('pipeline_jobs') }}
    where is_final_attempt and queue_ms is not null and run_started_date < {{ first_week }}
    group by 1

),

queue_weeks as (

    select
        {{ week_of('run_started_date') }} as week_start_date,
        is_simulated,
        {{ percentile('queue_ms', 0.95) }} as queue_p95_ms,
        count(*) as wait_count,
        max(cast(run_started_date as timestamp)) as measured_at
    from {{ ref('pipeline_jobs') }}
    where
        is_final_attempt
        and queue_ms is not null
        and run_started_date >= coalesce(
            (select min(last_earlier_weeks.week_start_date) from last_earlier_weeks), {{ first_week }}
        )
    group by 1, 2

),

metric_weeks as (

    select
        'success_ratio' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('succeeded_run_count', 'concluded_run_count') }} as metric_value,
        succeeded_run_count as numerator,
        concluded_run_count as denominator,
        concluded_run_count as sample_count,
        measured_at
    from run_weeks
    union all
    select
        'first_pass_ratio' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('first_pass_run_count', 'first_attempt_run_count') }} as metric_value,
        first_pass_run_count as numerator,
        first_attempt_run_count as denominator,
        first_attempt_run_count as sample_count,
        measured_at
    from run_weeks
    union all
    select
        'queue_time' as metric_id,
        week_start_date,
        is_simulated,
        queue_p95_ms as metric_value,
        null as numerator,
        null as denominator,
        wait_count as sample_count,
        measured_at
    from queue_weeks

)

select * from metric_weeks
