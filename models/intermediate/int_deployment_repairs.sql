-- One row per production deployment that repairs another (repair_key), with the one that it repairs.
with repairs as (

    select * from {{ ref('int_deployments_sequenced') }}
    where
        is_production
        and status not in ('canceled', 'skipped', 'pending')

),

deployments as (

    select * from {{ ref('int_deployments_deduplicated') }}

),

-- Ids of incidents are unique per provider, and a deployment does not name the provider.
attributed_incidents as (

    select
        incident_id,
        repository,
        max(deployment_key) as deployment_key
    from {{ ref('int_incidents_attributed') }}
    group by incident_id, repository

),

repairs_with_target as (

    select
        repairs.deployment_key as repair_key,
        case
            when repairs.fixes_deployment_key is not null then deployments.counted_deployment_key
            when attributed_incidents.deployment_key is not null then attributed_incidents.deployment_key
            -- Only a rollback or a hotfix says by itself that what was live had failed.
            when repairs.is_rollback or repairs.is_hotfix then repairs.last_change_key
        end as deployment_key,
        case
            when repairs.is_rollback then 'rollback'
            when repairs.is_hotfix or repairs.fixes_deployment_key is not null then 'hotfix'
            else 'incident'
        end as repair_kind,
        repairs.is_live as is_restoring,
        repairs.deployed_at as repaired_at
    from repairs
    left join deployments
        on repairs.fixes_deployment_key = deployments.deployment_key
    left join attributed_incidents
        on
            repairs.incident_id = attributed_incidents.incident_id
            and repairs.repository = attributed_incidents.repository

),

deployment_repairs as (

    select * from repairs_with_target
    where deployment_key is not null and deployment_key != repair_key

)

select * from deployment_repairs
