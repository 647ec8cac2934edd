-- One row per open matter of delivery: unresolved incidents, and weeks in which deployments failed their users.
with incidents as (

    select * from {{ ref('incidents') }}

),

dora as (

    select * from {{ ref('dora') }}

),

weeks as (

    select * from {{ ref('int_scorecard_weeks') }}
    where weeks_ago between 1 and 4

),

targets as (

    select * from {{ ref('int_targets') }}
    where metric_id = 'change_failure_ratio'

),

open_incidents as (

    select
        'open_incident' as kind,
        repository,
        provider || ' ' || incident_id as subject,
        is_simulated,
        opened_at as since_at,
        open_age_ms / 3600000 as size_value,
        'hours' as size_unit,
        cast(null as {{ type_double() }}) as times_allowed,
        'An incident' || coalesce(' of severity ' || severity, '') || ' of '
        || coalesce(repository, 'the service ' || service) || ' is open for '
        || {{ readable('open_age_ms', "'ms'") }} || ', and nobody has resolved it.' as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        cast(null as {{ dbt.type_string() }}) as owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'incidents' as source_mart,
        {{ filter_text({'provider': 'provider', 'incident_id': 'incident_id'}) }} as source_filter
    from incidents
    where is_open

),

-- Red beyond chance: also the lower end of the ratio's Wilson band is worse than amber.
failing_weeks as (

    select
        dora.repository,
        dora.week_start_date,
        dora.is_simulated,
        dora.failed_deployment_count,
        dora.deployment_count,
        {{ safe_ratio('dora.change_failure_ratio', 'targets.amber') }} as times_allowed,
        row_number() over (
            partition by dora.repository
            order by dora.change_failure_ratio desc, dora.week_start_date desc
        ) = 1 as is_worst,
        min(dora.week_start_date) over (partition by dora.repository) as first_week_start_date
    from dora
    inner join weeks on dora.week_start_date = weeks.week_start_date
    cross join targets
    where
        dora.deployment_count >= targets.minimum_sample
        and {{ wilson_lower('dora.failed_deployment_count', 'dora.deployment_count') }} > targets.amber

),

failing_deployments as (

    select
        'failing_deployments' as kind,
        repository,
        repository as subject,
        is_simulated,
        cast(first_week_start_date as timestamp) as since_at,
        cast(failed_deployment_count as {{ type_double() }}) as size_value,
        'failed deployments' as size_unit,
        times_allowed,
        {{ whole('failed_deployment_count') }} || ' of ' || {{ whole('deployment_count') }}
        || ' deployments of ' || repository || ' failed their users in the week of '
        || cast(week_start_date as {{ dbt.type_string() }}) || '.' as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        cast(null as {{ dbt.type_string() }}) as owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'deployments' as source_mart,
        {{ filter_text({'repository': 'repository'}) }} || ' and is_failed and deployed_date between '
        || {{ apostrophe() }} || cast(week_start_date as {{ dbt.type_string() }}) || {{ apostrophe() }} || ' and '
        || {{ apostrophe() }} || cast({{ date_plus('week_start_date', 6) }} as {{ dbt.type_string() }})
        || {{ apostrophe() }} as source_filter
    from failing_weeks
    where is_worst

),

matters as (

    select * from open_incidents
    union all
    select * from failing_deployments

)

select * from matters
