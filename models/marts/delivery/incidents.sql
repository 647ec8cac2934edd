-- One row per incident (provider, incident_id).
with incidents as (

    select * from {{ ref('int_incidents_attributed') }}

),

deployments as (

    select * from {{ ref('deployments') }}

),

incidents_with_deployment as (

    select
        incidents.provider,
        incidents.incident_id,
        incidents.repository,
        coalesce(incidents.service, '(none)') as service,
        incidents.environment,
        incidents.severity,
        incidents.opened_at,
        cast(incidents.opened_at as date) as opened_date,
        incidents.acknowledged_at,
        incidents.resolved_at,
        incidents.updated_at,
        incidents.resolved_at is null as is_open,
        {{ dbt.datediff('incidents.opened_at', 'incidents.acknowledged_at', 'millisecond') }} as acknowledge_time_ms,
        {{ dbt.datediff('incidents.opened_at', 'incidents.resolved_at', 'millisecond') }} as resolve_time_ms,
        case
            when incidents.resolved_at is null
                then {{ dbt.datediff('incidents.opened_at', as_of(), 'millisecond') }}
        end as open_age_ms,
        incidents.attribution_method,
        deployments.provider as deployment_provider,
        deployments.deployment_id,
        coalesce(deployments.is_counted, false) as is_counted_as_failure,
        incidents.uri,
        {{ team_and_tier('incidents') }},
        incidents.is_simulated,
        incidents._load_id,
        incidents._source_line
    from incidents
    left join deployments
        on incidents.deployment_key = deployments.provider || ':' || deployments.deployment_id
    {{ join_catalogue_entry('incidents', 'opened_at') }}

)

select * from incidents_with_deployment
