-- One row per deployment (provider, deployment_id), put together from those who report it.
with deployment_reports as (

    select * from {{ ref('int_deployments_current') }}

),

named_deployments as (

    select * from {{ ref('int_deployments_named_by_runs') }}

),

known_deployments as (

    select distinct
        provider,
        deployment_id
    from deployment_reports

),

emitted as (

    select * from deployment_reports
    where reported_by = 'pipeline'

),

records as (

    select * from deployment_reports
    where reported_by = 'api'

),

statuses as (

    select * from deployment_reports
    where reported_by = 'api_status'

),

-- A pipeline says most about what it deploys, and an API's record more than its status does.
joined_deployments as (

    select
        known_deployments.provider,
        known_deployments.deployment_id,
        coalesce(emitted.repository, records.repository, statuses.repository) as repository,
        coalesce(emitted.service, records.service, statuses.service) as service,
        coalesce(emitted.environment, records.environment, statuses.environment) as environment,
        coalesce(emitted.is_production, records.is_production, statuses.is_production) as is_production,

        -- Status and word of one report: the provider decides how it went, if it says.
        coalesce(statuses.status, emitted.status, records.status) as status,
        case
            when statuses.provider is not null then statuses.status_original
            else emitted.status_original
        end as status_original,

        coalesce(emitted.artifact_digest, records.artifact_digest, statuses.artifact_digest) as artifact_digest,
        coalesce(emitted.version, records.version, statuses.version) as version,
        coalesce(emitted.ref, records.ref, statuses.ref) as ref,
        coalesce(emitted.commit_sha, records.commit_sha, statuses.commit_sha) as commit_sha,
        coalesce(emitted.strategy, records.strategy, statuses.strategy) as strategy,
        coalesce(emitted.created_at, records.created_at, statuses.created_at) as created_at,
        coalesce(statuses.started_at, emitted.started_at, records.started_at) as started_at,
        coalesce(statuses.finished_at, emitted.finished_at, records.finished_at) as finished_at,
        coalesce(emitted.is_rollback, records.is_rollback, statuses.is_rollback) as is_rollback,
        coalesce(emitted.is_hotfix, records.is_hotfix, statuses.is_hotfix) as is_hotfix,
        coalesce(emitted.is_unplanned, records.is_unplanned, statuses.is_unplanned) as is_unplanned,
        coalesce(emitted.fixes_deployment_id, records.fixes_deployment_id, statuses.fixes_deployment_id) as fixes_deployment_id,
        coalesce(emitted.incident_id, records.incident_id, statuses.incident_id) as incident_id,
        coalesce(emitted.why_counted, records.why_counted, statuses.why_counted) as why_counted,
        coalesce(emitted.actor_type, records.actor_type, statuses.actor_type) as actor_type,
        coalesce(emitted.run_id, records.run_id, statuses.run_id) as run_id,
        coalesce(emitted.run_attempt, records.run_attempt, statuses.run_attempt) as run_attempt,
        coalesce(emitted.job, records.job, statuses.job) as job,
        coalesce(emitted.is_simulated, records.is_simulated, statuses.is_simulated) as is_simulated,

        coalesce(statuses._load_id, emitted._load_id, records._load_id) as _load_id,
        coalesce(statuses._source_line, emitted._source_line, records._source_line) as _source_line,
        coalesce(statuses._event_id, emitted._event_id, records._event_id) as _event_id
    from known_deployments
    left join emitted
        on
            known_deployments.provider = emitted.provider
            and known_deployments.deployment_id = emitted.deployment_id
    left join records
        on
            known_deployments.provider = records.provider
            and known_deployments.deployment_id = records.deployment_id
    left join statuses
        on
            known_deployments.provider = statuses.provider
            and known_deployments.deployment_id = statuses.deployment_id

),

-- Where a deployment has events of its own, those win over what runs say in passing.
deployments_named_only_by_runs as (

    select
        named_deployments.provider,
        named_deployments.deployment_id,
        named_deployments.repository,
        cast(null as {{ dbt.type_string() }}) as service,
        named_deployments.environment,
        named_deployments.is_production,
        named_deployments.status,
        cast(null as {{ dbt.type_string() }}) as status_original,
        named_deployments.artifact_digest,
        cast(null as {{ dbt.type_string() }}) as version,
        cast(null as {{ dbt.type_string() }}) as ref,
        named_deployments.commit_sha,
        named_deployments.strategy,
        cast(null as timestamp) as created_at,
        named_deployments.started_at,
        named_deployments.finished_at,
        cast(null as {{ dbt.type_boolean() }}) as is_rollback,
        cast(null as {{ dbt.type_boolean() }}) as is_hotfix,
        cast(null as {{ dbt.type_boolean() }}) as is_unplanned,
        cast(null as {{ dbt.type_string() }}) as fixes_deployment_id,
        cast(null as {{ dbt.type_string() }}) as incident_id,
        named_deployments.why_counted,
        named_deployments.actor_type,
        named_deployments.run_id,
        named_deployments.run_attempt,
        cast(null as {{ dbt.type_string() }}) as job,
        named_deployments.is_simulated,
        named_deployments._load_id,
        named_deployments._source_line,
        named_deployments._event_id
    from named_deployments
    left join joined_deployments
        on
            named_deployments.repository = joined_deployments.repository
            and named_deployments.named_deployment_id = joined_deployments.deployment_id
    where joined_deployments.deployment_id is null

),

all_deployments as (

    select * from joined_deployments
    union all
    select * from deployments_named_only_by_runs

)

select * from all_deployments
