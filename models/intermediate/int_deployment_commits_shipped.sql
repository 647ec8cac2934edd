-- One row per commit that a production deployment was the first of its service to bring to users.
{{ config(materialized='table') }}

with deployments as (

    select * from {{ ref('int_deployments_deduplicated') }}
    where is_live and is_production

),

sequenced_deployments as (

    select * from {{ ref('int_deployments_sequenced') }}

),

deployment_commits as (

    select * from {{ ref('int_deployment_commits_current') }}

),

-- Without a list of commits, a deployment brings at least the commit it is made of.
brought_commits as (

    select
        deployments.counted_deployment_key,
        coalesce(deployment_commits.commit_sha, deployments.commit_sha) as commit_sha,
        min(deployment_commits.committed_at) as committed_at,
        max(deployment_commits.actor_type) as actor_type
    from deployments
    left join deployment_commits
        on
            deployments.provider = deployment_commits.provider
            and deployments.deployment_id = deployment_commits.deployment_id
    where deployment_commits.commit_sha is not null or deployments.commit_sha is not null
    group by 1, 2

),

-- In whichever production environment it arrived first.
shipped_commits as (

    select
        sequenced_deployments.deployment_key,
        sequenced_deployments.repository,
        sequenced_deployments.service,
        brought_commits.commit_sha,
        brought_commits.committed_at,
        coalesce(brought_commits.actor_type, 'unknown') as actor_type,
        sequenced_deployments.predecessor_key,
        sequenced_deployments.finished_at,
        sequenced_deployments.deployed_at
    from brought_commits
    inner join sequenced_deployments
        on brought_commits.counted_deployment_key = sequenced_deployments.deployment_key
    qualify row_number() over (
        partition by sequenced_deployments.repository, sequenced_deployments.service, brought_commits.commit_sha
        order by
            sequenced_deployments.deployed_at,
            sequenced_deployments.started_at,
            sequenced_deployments.deployment_key
    ) = 1

),

commits_with_reason as (

    select
        shipped_commits.*,
        case
            -- A first deployment ships the whole history: its age is no lead time.
            when predecessor_key is null then 'no_predecessor'
            when committed_at is null then 'no_commit_time'
            when finished_at is null then 'no_finish_time'
            when finished_at < committed_at then 'negative'
        end as unmeasured_reason
    from shipped_commits

),

commits_with_lead_time as (

    select
        deployment_key,
        repository,
        service,
        commit_sha,
        committed_at,
        actor_type,
        deployed_at,
        unmeasured_reason,
        case
            when unmeasured_reason is null
                then {{ dbt.datediff('committed_at', 'finished_at', 'millisecond') }}
        end as lead_time_ms
    from commits_with_reason

)

select * from commits_with_lead_time
