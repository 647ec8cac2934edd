-- One row per repository and month (UTC), from the first in which anything of it was deployed or rehearsed to the current one.
{{ config(partition_by=partitioned_by('month_start_date')) }}

with deployments as (

    select * from {{ ref('deployments') }}
    where is_counted and deployed_at <= {{ as_of() }}

),

dr_drills as (

    select * from {{ ref('dr_drills') }}
    where repository is not null and held_at <= {{ as_of() }}

),

met_drills as (

    select * from dr_drills
    where is_met

),

known_dates as (

    select
        repository,
        deployed_date as known_date
    from deployments
    union all
    select
        repository,
        held_date as known_date
    from dr_drills

),

repository_spans as (

    select
        repository,
        cast({{ dbt.date_trunc('month', 'min(known_date)') }} as date) as first_date,
        cast({{ as_of() }} as date) as last_date
    from known_dates
    group by repository

),

repository_days as (

    {{ each_day('repository_spans', 'first_date', 'last_date') }}

),

repository_months as (

    select
        repository,
        cast({{ dbt.date_trunc('month', 'calendar_date') }} as date) as month_start_date,
        max(calendar_date) as last_date,
        count(*) as day_count
    from repository_days
    group by 1, 2

),

-- Where the month ends, or now.
bounded_months as (

    select
        repository,
        month_start_date,
        last_date,
        day_count,
        case
            when last_date < cast({{ as_of() }} as date) then cast({{ date_plus('last_date', 1) }} as timestamp)
            else {{ as_of() }}
        end as known_until_at
    from repository_months

),

deployment_months as (

    select
        repository,
        cast({{ dbt.date_trunc('month', 'deployed_date') }} as date) as month_start_date,
        count(*) as deployment_count
    from deployments
    group by 1, 2

),

drill_months as (

    select
        repository,
        cast({{ dbt.date_trunc('month', 'held_date') }} as date) as month_start_date,
        count(*) as drill_count,
        sum(met_drill_count) as met_drill_count
    from dr_drills
    group by 1, 2

),

-- The last that was met by then, in whatever month.
last_met_drills as (

    select
        bounded_months.repository,
        bounded_months.month_start_date,
        met_drills.drill_id,
        met_drills.held_at,
        met_drills.cadence_days
    from bounded_months
    inner join met_drills
        on
            bounded_months.repository = met_drills.repository
            and met_drills.held_date <= bounded_months.last_date
    qualify row_number() over (
        partition by bounded_months.repository, bounded_months.month_start_date
        order by met_drills.held_at desc, met_drills.drill_id desc
    ) = 1

),

rehearsed_months as (

    select
        bounded_months.*,
        last_met_drills.drill_id as last_met_drill_id,
        last_met_drills.held_at as last_met_drill_at,
        last_met_drills.cadence_days,
        {{ dbt.datediff('last_met_drills.held_at', 'bounded_months.known_until_at', 'day') }} as days_since_met_drill
    from bounded_months
    left join last_met_drills
        on
            bounded_months.repository = last_met_drills.repository
            and bounded_months.month_start_date = last_met_drills.month_start_date

),

-- What went live since: what a recovery would have to bring back, and nobody has tried.
unrehearsed_changes as (

    select
        rehearsed_months.repository,
        rehearsed_months.month_start_date,
        count(*) as deployment_count
    from rehearsed_months
    inner join deployments
        on
            rehearsed_months.repository = deployments.repository
            and deployments.deployed_date <= rehearsed_months.last_date
    where rehearsed_months.last_met_drill_at is null or deployments.deployed_at > rehearsed_months.last_met_drill_at
    group by 1, 2

),

drills_against_change as (

    select
        rehearsed_months.repository,
        rehearsed_months.month_start_date,
        rehearsed_months.last_date < cast({{ as_of() }} as date) as is_complete,
        cast(rehearsed_months.day_count / 7.0 as {{ type_double() }}) as week_count,
        coalesce(deployment_months.deployment_count, 0) as deployment_count,
        cast(
            {{ safe_ratio('coalesce(deployment_months.deployment_count, 0)', 'rehearsed_months.day_count / 7.0') }}
            as {{ type_double() }}
        ) as deployments_per_week,
        coalesce(drill_months.drill_count, 0) as drill_count,
        cast(coalesce(drill_months.met_drill_count, 0) as {{ dbt.type_bigint() }}) as met_drill_count,
        rehearsed_months.last_met_drill_id,
        rehearsed_months.last_met_drill_at,
        rehearsed_months.days_since_met_drill,
        rehearsed_months.cadence_days,
        case
            when rehearsed_months.last_met_drill_at is null then 'never_met'
            when rehearsed_months.days_since_met_drill > rehearsed_months.cadence_days then 'stale'
            else 'rehearsed'
        end as rehearsal_state,
        coalesce(unrehearsed_changes.deployment_count, 0) as unrehearsed_deployment_count,
        {{ is_simulated('rehearsed_months.repository') }} as is_simulated
    from rehearsed_months
    left join deployment_months
        on
            rehearsed_months.repository = deployment_months.repository
            and rehearsed_months.month_start_date = deployment_months.month_start_date
    left join drill_months
        on
            rehearsed_months.repository = drill_months.repository
            and rehearsed_months.month_start_date = drill_months.month_start_date
    left join unrehearsed_changes
        on
            rehearsed_months.repository = unrehearsed_changes.repository
            and rehearsed_months.month_start_date = unrehearsed_changes.month_start_date

)

select * from drills_against_change
