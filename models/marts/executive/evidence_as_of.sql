-- One row per origin (real or simulated): as of when the marts speak, and of how much.
with executive_scorecard as (

    select * from {{ ref('executive_scorecard') }}
    where weeks_ago = 1 and is_current

),

data_trust as (

    select * from {{ ref('data_trust') }}

),

repositories as (

    select * from {{ ref('repositories') }}
    where is_in_force

),

last_weeks as (

    select
        is_simulated,
        min(week_start_date) as week_start_date,
        count(*) as metric_count,
        sum({{ one_if("status != 'grey'") }}) as judged_metric_count
    from executive_scorecard
    group by is_simulated

),

arrivals as (

    select
        is_simulated,
        max(last_loaded_at) as last_loaded_at
    from data_trust
    group by is_simulated

),

repository_counts as (

    select
        is_simulated,
        count(*) as repository_count
    from repositories
    group by is_simulated

),

origins as (

    select
        last_weeks.is_simulated,
        case
            when last_weeks.is_simulated then 'SIMULATED fleet: nothing here is real'
            else 'Real evidence'
        end as origin,
        cast({{ as_of() }} as timestamp) as built_at,
        arrivals.last_loaded_at,
        last_weeks.week_start_date,
        cast(coalesce(repository_counts.repository_count, 0) as {{ dbt.type_bigint() }}) as repository_count,
        cast(last_weeks.metric_count as {{ dbt.type_bigint() }}) as metric_count,
        cast(last_weeks.judged_metric_count as {{ dbt.type_bigint() }}) as judged_metric_count,
        {{ whole('last_weeks.judged_metric_count') }} || ' of ' || {{ whole('last_weeks.metric_count') }}
        || ' metrics have a colour' as coverage
    from last_weeks
    left join arrivals on last_weeks.is_simulated = arrivals.is_simulated
    left join repository_counts on last_weeks.is_simulated = repository_counts.is_simulated

)

select * from origins
