-- One row per incident (provider, incident_id), with the deployment that it is attributed to.
{{ config(materialized='table') }}

with incidents as (

    select * from {{ ref('int_incidents_current') }}

),

deployments as (

    select * from {{ ref('int_deployments_deduplicated') }}

),

live_production_deployments as (

    select * from {{ ref('int_deployments_sequenced') }}
    where is_live and is_production

),

shipped_commits as (

    select * from {{ ref('int_deployment_commits_shipped') }}

),

linked_by_deployment as (

    select
        incidents.provider,
        incidents.incident_id,
        deployments.counted_deployment_key as deployment_key,
        'deployment' as attribution_method,
        -- An id without its provider may mean several: the repository that was hit comes first.
        case when incidents.repository = deployments.repository then 1 else 2 end as precedence,
        deployments.deployed_at
    from incidents
    inner join deployments
        on
            deployments.deployment_id in (
                incidents.deployment_id, incidents.repository || '#' || incidents.deployment_id
            )
            and (incidents.deployment_provider is null or incidents.deployment_provider = deployments.provider)

),

-- A rollout may do its harm before it is finished, so its start is compared.
linked_by_digest as (

    select
        incidents.provider,
        incidents.incident_id,
        live_production_deployments.deployment_key,
        'digest' as attribution_method,
        3 as precedence,
        live_production_deployments.deployed_at
    from incidents
    inner join live_production_deployments
        on
            incidents.artifact_digest = live_production_deployments.artifact_digest
            and live_production_deployments.started_at <= incidents.opened_at
            and (incidents.environment is null or incidents.environment = live_production_deployments.environment)

),

linked_by_commit as (

    select
        incidents.provider,
        incidents.incident_id,
        shipped_commits.deployment_key,
        'commit' as attribution_method,
        -- In a monorepo one commit ships with several services: the one that was hit comes first.
        case when incidents.service = shipped_commits.service then 4 else 5 end as precedence,
        shipped_commits.deployed_at
    from incidents
    inner join shipped_commits
        on
            incidents.reverted_commit_sha = shipped_commits.commit_sha
            and (incidents.repository is null or incidents.repository = shipped_commits.repository)

),

preceded_by_service as (

    select
        incidents.provider,
        incidents.incident_id,
        live_production_deployments.deployment_key,
        'service' as attribution_method,
        6 as precedence,
        live_production_deployments.deployed_at
    from incidents
    inner join live_production_deployments
        on
            incidents.service = live_production_deployments.service
            and (incidents.repository is null or incidents.repository = live_production_deployments.repository)
            and (incidents.environment is null or incidents.environment = live_production_deployments.environment)
            and live_production_deployments.deployed_at <= incidents.opened_at

),

-- Only where the incident or the deployments name no service: another service's deployment is no suspect.
preceded_in_time as (

    select
        incidents.provider,
        incidents.incident_id,
        live_production_deployments.deployment_key,
        'time' as attribution_method,
        7 as precedence,
        live_production_deployments.deployed_at
    from incidents
    inner join live_production_deployments
        on
            incidents.repository = live_production_deployments.repository
            and (incidents.service is null or live_production_deployments.service = '(none)')
            and (incidents.environment is null or incidents.environment = live_production_deployments.environment)
            and live_production_deployments.deployed_at <= incidents.opened_at

),

candidate_deployments as (

    select * from linked_by_deployment
    union all
    select * from linked_by_digest
    union all
    select * from linked_by_commit
    union all
    select * from preceded_by_service
    union all
    select * from preceded_in_time

),

chosen_deployments as (

    select * from candidate_deployments
    qualify row_number() over (
        partition by provider, incident_id
        order by precedence, deployed_at desc, deployment_key desc
    ) = 1

),

attributed_incidents as (

    select
        incidents.provider,
        incidents.incident_id,
        coalesce(incidents.repository, deployments.repository) as repository,
        coalesce(incidents.service, deployments.service) as service,
        incidents.environment,
        incidents.severity,
        incidents.opened_at,
        incidents.acknowledged_at,
        incidents.resolved_at,
        incidents.updated_at,
        chosen_deployments.deployment_key,
        coalesce(chosen_deployments.attribution_method, 'none') as attribution_method,
        incidents.uri,
        coalesce(deployments.is_simulated, incidents.is_simulated) as is_simulated,
        incidents._load_id,
        incidents._source_line,
        incidents._event_id
    from incidents
    left join chosen_deployments
        on
            incidents.provider = chosen_deployments.provider
            and incidents.incident_id = chosen_deployments.incident_id
    left join deployments
        on chosen_deployments.deployment_key = deployments.deployment_key

)

select * from attributed_incidents
