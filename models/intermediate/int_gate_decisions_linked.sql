-- One row per decision of a gate and deployment that it was about.
{{ config(materialized='table') }}

with gate_decisions as (

    select * from {{ ref('int_gate_decisions_united') }}

),

deployments as (

    select * from {{ ref('int_deployments_deduplicated') }}

),

-- A deployment that is known from its run alone has the repository in its id.
named_deployments as (

    select
        gate_decision_id,
        repository,
        deployment_provider,
        deployment_id
    from gate_decisions
    where deployment_id is not null
    union all
    select
        gate_decision_id,
        repository,
        deployment_provider,
        repository || '#' || deployment_id as deployment_id
    from gate_decisions
    where deployment_id is not null and repository is not null

),

linked_by_deployment as (

    select
        named_deployments.gate_decision_id,
        deployments.counted_deployment_key as deployment_key,
        'deployment' as link_method
    from named_deployments
    inner join deployments
        on
            named_deployments.deployment_id = deployments.deployment_id
            and (named_deployments.repository is null or named_deployments.repository = deployments.repository)
            and (
                named_deployments.deployment_provider is null
                or named_deployments.deployment_provider = deployments.provider
            )

),

linked_by_run as (

    select
        gate_decisions.gate_decision_id,
        deployments.counted_deployment_key as deployment_key,
        'run' as link_method
    from gate_decisions
    inner join deployments
        on
            gate_decisions.repository = deployments.repository
            and gate_decisions.run_id = deployments.run_id
            and gate_decisions.run_attempt = coalesce(deployments.run_attempt, 1)
    where
        gate_decisions.deployment_id is null
        and (gate_decisions.environment is null or gate_decisions.environment = deployments.environment)

),

decisions_of_runs as (

    select distinct gate_decision_id
    from linked_by_run

),

-- A decision that names neither is about the next deployment of its digest, in each environment it was meant for.
linked_by_digest as (

    select
        gate_decisions.gate_decision_id,
        deployments.counted_deployment_key as deployment_key,
        'digest' as link_method
    from gate_decisions
    inner join deployments
        on
            gate_decisions.subject_digest = deployments.artifact_digest
            and gate_decisions.decided_at <= deployments.deployed_at
    left join decisions_of_runs
        on gate_decisions.gate_decision_id = decisions_of_runs.gate_decision_id
    where
        gate_decisions.deployment_id is null
        and decisions_of_runs.gate_decision_id is null
        and (gate_decisions.environment is null or gate_decisions.environment = deployments.environment)
    qualify row_number() over (
        partition by gate_decisions.gate_decision_id, deployments.repository, deployments.service, deployments.environment
        order by deployments.deployed_at, deployments.deployment_key
    ) = 1

),

links as (

    select * from linked_by_deployment
    union distinct
    select * from linked_by_run
    union distinct
    select * from linked_by_digest

),

-- Who asks again gets another answer: the last before it went out is the one that was acted upon.
linked_decisions as (

    select
        links.gate_decision_id,
        links.deployment_key,
        links.link_method,
        gate_decisions.gate_kind,
        gate_decisions.gate,
        gate_decisions.decision,
        gate_decisions.decided_at,
        row_number() over (
            partition by
                links.deployment_key,
                gate_decisions.gate_kind,
                gate_decisions.gate,
                coalesce(gate_decisions.rule, '(none)')
            order by gate_decisions.decided_at desc, gate_decisions.gate_decision_id desc
        ) = 1 as is_final
    from links
    inner join gate_decisions on links.gate_decision_id = gate_decisions.gate_decision_id

)

select * from linked_decisions
