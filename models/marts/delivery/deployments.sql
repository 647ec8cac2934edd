-- One row per deployment (provider, deployment_id).
with deployments as (

    select * from {{ ref('int_deployments_deduplicated') }}

),

sequenced_deployments as (

    select * from {{ ref('int_deployments_sequenced') }}

),

shipped_commits as (

    select * from {{ ref('int_deployment_commits_shipped') }}

),

attributed_incidents as (

    select * from {{ ref('int_incidents_attributed') }}

),

repairs as (

    select * from {{ ref('int_deployment_repairs') }}

),

deployment_lead_times as (

    select
        deployment_key,
        count(*) as shipped_commit_count,
        count(lead_time_ms) as measured_commit_count,
        count(case when unmeasured_reason = 'negative' then 1 end) as negative_lead_time_commit_count,
        {{ percentile('lead_time_ms', 0.5) }} as lead_time_p50_ms,
        max(unmeasured_reason) as unmeasured_reason
    from shipped_commits
    group by deployment_key

),

-- Service is restored by incident only when the last incident of the deployment is resolved.
deployment_incidents as (

    select
        deployment_key,
        count(*) as incident_count,
        min(attribution_method) as attribution_method,
        count(distinct attribution_method) as attribution_method_count,
        case when count(*) = count(resolved_at) then max(resolved_at) end as resolved_at
    from attributed_incidents
    where deployment_key is not null
    group by deployment_key

),

deployment_repairs as (

    select
        repairs.deployment_key,
        count(case when repairs.repair_kind = 'rollback' then 1 end) as rollback_count,
        count(case when repairs.repair_kind = 'hotfix' then 1 end) as hotfix_count,
        min(
            case
                when repairs.is_restoring and repairs.repaired_at >= deployments.deployed_at
                    then repairs.repaired_at
            end
        ) as repaired_at
    from repairs
    inner join deployments
        on repairs.deployment_key = deployments.deployment_key
    group by repairs.deployment_key

),

deployments_with_signals as (

    select
        deployments.*,
        predecessors.provider as predecessor_provider,
        predecessors.deployment_id as predecessor_deployment_id,
        counted.provider as counted_provider,
        counted.deployment_id as counted_deployment_id,

        case
            when not deployments.is_production then 'not_production'
            when not deployments.is_live then 'not_live'
            when deployments.is_repeat then 'repeat'
            else 'counted'
        end as counting,

        coalesce(deployment_lead_times.shipped_commit_count, 0) as shipped_commit_count,
        coalesce(deployment_lead_times.measured_commit_count, 0) as measured_commit_count,
        coalesce(deployment_lead_times.negative_lead_time_commit_count, 0) as negative_lead_time_commit_count,
        deployment_lead_times.lead_time_p50_ms,
        deployment_lead_times.unmeasured_reason,

        coalesce(deployment_incidents.incident_count, 0) as incident_count,
        case
            when deployment_incidents.attribution_method_count > 1 then 'several'
            else deployment_incidents.attribution_method
        end as attribution_method,
        coalesce(deployment_repairs.rollback_count, 0) as rollback_count,
        coalesce(deployment_repairs.hotfix_count, 0) as hotfix_count,
        -- The earlier of the two, where either may be missing.
        least(
            coalesce(deployment_incidents.resolved_at, deployment_repairs.repaired_at),
            coalesce(deployment_repairs.repaired_at, deployment_incidents.resolved_at)
        ) as restored_at

    from deployments
    left join sequenced_deployments
        on deployments.deployment_key = sequenced_deployments.deployment_key
    left join deployments as predecessors
        on sequenced_deployments.predecessor_key = predecessors.deployment_key
    left join deployments as counted
        on deployments.counted_deployment_key = counted.deployment_key
    left join deployment_lead_times
        on deployments.deployment_key = deployment_lead_times.deployment_key
    left join deployment_incidents
        on deployments.deployment_key = deployment_incidents.deployment_key
    left join deployment_repairs
        on deployments.deployment_key = deployment_repairs.deployment_key

),

deployments_with_verdict as (

    select
        deployments_with_signals.*,
        {{ team_and_tier('deployments_with_signals') }},
        deployments_with_signals.counting = 'counted' as is_counted,
        deployments_with_signals.counting = 'counted'
        and deployments_with_signals.incident_count
        + deployments_with_signals.rollback_count
        + deployments_with_signals.hotfix_count > 0 as is_failed
    from deployments_with_signals
    {{ join_catalogue_entry('deployments_with_signals', 'started_at') }}

),

deployments_with_recovery as (

    select
        provider,
        deployment_id,
        repository,
        service,
        environment,
        is_production,
        status,
        status_original,
        is_counted,
        counting,
        why_counted,
        counted_provider,
        counted_deployment_id,
        artifact_digest,
        version,
        ref,
        commit_sha,
        strategy,
        actor_type,
        created_at,
        started_at,
        finished_at,
        deployed_at,
        cast(deployed_at as date) as deployed_date,
        is_rollback,
        is_hotfix,
        -- The sender's word counts; where it says nothing, a repair is not planned.
        coalesce(
            is_unplanned,
            is_rollback or is_hotfix or incident_id is not null or fixes_deployment_key is not null
        ) as is_rework,
        incident_id as caused_by_incident_id,
        predecessor_provider,
        predecessor_deployment_id,
        shipped_commit_count,
        measured_commit_count,
        negative_lead_time_commit_count,
        lead_time_p50_ms,
        case
            when counting != 'counted' then counting
            when measured_commit_count > 0 then null
            when shipped_commit_count = 0 then 'no_commits'
            else unmeasured_reason
        end as lead_time_unmeasured_reason,
        is_failed,
        incident_count,
        rollback_count,
        hotfix_count,
        attribution_method,
        case when is_failed then restored_at end as restored_at,
        is_failed and restored_at is null as is_unrestored,
        case
            when is_failed and restored_at >= finished_at
                then {{ dbt.datediff('finished_at', 'restored_at', 'millisecond') }}
        end as recovery_time_ms,
        run_id,
        run_attempt,
        job,
        team,
        tier,
        is_simulated,
        _load_id,
        _source_line
    from deployments_with_verdict

)

select * from deployments_with_recovery
