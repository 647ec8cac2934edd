-- One row per deployment (provider, deployment_id), with the deployment that it is counted as.
{{ config(materialized='table') }}

with deployments as (

    select * from {{ ref('int_deployments_joined') }}

),

status_words as (

    select * from {{ ref('int_deployment_status_words') }}

),

repositories as (

    select * from {{ ref('int_repositories_with_validity') }}

),

translated_deployments as (

    select
        deployments.provider || ':' || deployments.deployment_id as deployment_key,
        deployments.provider,
        deployments.deployment_id,
        deployments.repository,
        coalesce(deployments.service, repositories.service, '(none)') as service,
        deployments.environment,
        deployments.is_production,
        case
            when deployments.status = 'unknown' then coalesce(status_words.status, 'unknown')
            else deployments.status
        end as status,
        deployments.status_original,
        deployments.artifact_digest,
        deployments.version,
        deployments.ref,
        deployments.commit_sha,
        deployments.strategy,
        deployments.created_at,
        deployments.started_at,
        deployments.finished_at,
        coalesce(deployments.finished_at, deployments.started_at) as deployed_at,
        deployments.is_rollback,
        deployments.is_hotfix,
        deployments.is_unplanned,
        deployments.provider || ':' || deployments.fixes_deployment_id as fixes_deployment_key,
        deployments.incident_id,
        deployments.why_counted,
        deployments.actor_type,
        deployments.run_id,
        deployments.run_attempt,
        deployments.job,
        deployments.is_simulated,
        deployments._load_id,
        deployments._source_line,
        deployments._event_id
    from deployments
    left join status_words
        on
            deployments.provider = status_words.provider
            and lower(deployments.status_original) = status_words.status_original
    left join repositories
        on
            deployments.repository = repositories.repository
            and repositories.valid_from <= deployments.started_at
            and (repositories.valid_to is null or deployments.started_at < repositories.valid_to)

),

-- What `superseded` replaced had reached users before.
live_deployments as (

    select
        deployment_key,
        repository,
        service,
        environment,
        started_at,
        deployed_at,
        artifact_digest,
        lag(artifact_digest) over (
            partition by repository, service, environment
            order by deployed_at, started_at, deployment_key
        ) as previous_artifact_digest,
        lag(deployed_at) over (
            partition by repository, service, environment
            order by deployed_at, started_at, deployment_key
        ) as previously_deployed_at
    from translated_deployments
    where status in ('success', 'superseded')

),

-- The same digest again within ten minutes is the same deployment, reported or retried; but only
-- if no other digest was live in between: then it is a rollback.
numbered_deployments as (

    select
        deployment_key,
        repository,
        service,
        environment,
        started_at,
        deployed_at,
        count(
            case
                when
                    artifact_digest = previous_artifact_digest
                    and {{ dbt.datediff('previously_deployed_at', 'deployed_at', 'millisecond') }} <= 600000
                    then null
                else 1
            end
        ) over (
            partition by repository, service, environment
            order by deployed_at, started_at, deployment_key
            rows between unbounded preceding and current row
        ) as change_number
    from live_deployments

),

counted_deployments as (

    select
        deployment_key,
        first_value(deployment_key) over (
            partition by repository, service, environment, change_number
            order by deployed_at, started_at, deployment_key
            rows between unbounded preceding and current row
        ) as counted_deployment_key
    from numbered_deployments

),

deployments_with_counted as (

    select
        translated_deployments.*,
        coalesce(
            counted_deployments.counted_deployment_key, translated_deployments.deployment_key
        ) as counted_deployment_key
    from translated_deployments
    left join counted_deployments
        on translated_deployments.deployment_key = counted_deployments.deployment_key

),

-- What one report of a deployment knows of it is true of the deployment.
deduplicated_deployments as (

    select
        deployment_key,
        counted_deployment_key,
        deployment_key != counted_deployment_key as is_repeat,
        provider,
        deployment_id,
        repository,
        service,
        environment,
        max(case when is_production then 1 else 0 end) over (
            partition by counted_deployment_key
        ) = 1 as is_production,
        status,
        status_original,
        status in ('success', 'superseded') as is_live,
        artifact_digest,
        version,
        ref,
        commit_sha,
        strategy,
        created_at,
        started_at,
        finished_at,
        deployed_at,
        max(case when is_rollback then 1 else 0 end) over (
            partition by counted_deployment_key
        ) = 1 as is_rollback,
        max(case when is_hotfix then 1 else 0 end) over (
            partition by counted_deployment_key
        ) = 1 as is_hotfix,
        max(case when is_unplanned then 1 when not is_unplanned then 0 end) over (
            partition by counted_deployment_key
        ) = 1 as is_unplanned,
        max(fixes_deployment_key) over (partition by counted_deployment_key) as fixes_deployment_key,
        max(incident_id) over (partition by counted_deployment_key) as incident_id,
        coalesce(why_counted, 'an event of ' || provider || ' says so') as why_counted,
        coalesce(actor_type, 'unknown') as actor_type,
        run_id,
        run_attempt,
        job,
        is_simulated,
        _load_id,
        _source_line,
        _event_id
    from deployments_with_counted

)

select * from deduplicated_deployments
