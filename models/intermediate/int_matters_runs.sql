-- One row per open matter of runs: repositories whose jobs wait far too long for a machine.
with pipeline_jobs as (

    select * from {{ ref('pipeline_jobs') }}
    where run_started_date >= {{ date_plus(week_of(as_of()), -7) }}

),

last_week as (

    select * from {{ ref('int_scorecard_weeks') }}
    where weeks_ago = 1

),

targets as (

    select * from {{ ref('int_targets') }}
    where metric_id = 'queue_time'

),

waits as (

    select
        pipeline_jobs.repository,
        pipeline_jobs.is_simulated,
        last_week.week_start_date,
        count(*) as wait_count,
        sum(pipeline_jobs.queue_ms) / 3600000 as waited_hours,
        {{ percentile('pipeline_jobs.queue_ms', 0.95) }} as queue_p95_ms
    from pipeline_jobs
    inner join last_week on {{ week_of('pipeline_jobs.run_started_date') }} = last_week.week_start_date
    where pipeline_jobs.is_final_attempt and pipeline_jobs.queue_ms is not null
    group by 1, 2, 3

),

long_queues as (

    select
        'long_queue' as kind,
        waits.repository,
        waits.repository as subject,
        waits.is_simulated,
        cast(waits.week_start_date as timestamp) as since_at,
        waits.waited_hours as size_value,
        'hours' as size_unit,
        {{ safe_ratio('waits.queue_p95_ms', 'targets.amber') }} as times_allowed,
        'One job in twenty of ' || waits.repository || ' waited longer than '
        || {{ readable('waits.queue_p95_ms', "'ms'") }} || ' for a machine in the week of '
        || cast(waits.week_start_date as {{ dbt.type_string() }}) || '; together they waited '
        || {{ whole('waits.waited_hours') }} || ' hours.' as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        cast(null as {{ dbt.type_string() }}) as owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'pipeline_jobs' as source_mart,
        {{ filter_text({'repository': 'waits.repository'}) }} || ' and run_started_date between '
        || {{ apostrophe() }} || cast(waits.week_start_date as {{ dbt.type_string() }}) || {{ apostrophe() }} || ' and '
        || {{ apostrophe() }} || cast({{ date_plus('waits.week_start_date', 6) }} as {{ dbt.type_string() }})
        || {{ apostrophe() }} as source_filter
    from waits
    cross join targets
    where waits.wait_count >= targets.minimum_sample and waits.queue_p95_ms > targets.amber

)

select * from long_queues
