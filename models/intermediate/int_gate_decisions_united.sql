-- One row per decision of a gate: a policy's about a subject, or a canary's about a deployment.
with policy_decisions as (

    select * from {{ ref('int_policy_decisions_reported') }}

),

canary_decisions as (

    select * from {{ ref('int_canary_decisions_reported') }}

),

gate_decisions as (

    select
        policy_decision_id as gate_decision_id,
        'policy' as gate_kind,
        policy_id as gate,
        rule,
        repository,
        run_id,
        coalesce(run_attempt, 1) as run_attempt,
        cast(null as {{ dbt.type_string() }}) as deployment_provider,
        deployment_id,
        subject_digest,
        environment,
        decision,
        -- Without a word about it, a policy is meant to be kept.
        coalesce(mode, 'enforce') = 'enforce' as is_enforced,
        decided_at,
        is_simulated
    from policy_decisions
    union all
    select
        canary_decision_id as gate_decision_id,
        'canary' as gate_kind,
        'canary' as gate,
        cast(null as {{ dbt.type_string() }}) as rule,
        repository,
        run_id,
        coalesce(run_attempt, 1) as run_attempt,
        deployment_provider,
        deployment_id,
        subject_digest,
        environment,
        case decision
            when 'promote' then 'allow'
            when 'rollback' then 'deny'
            else decision
        end as decision,
        true as is_enforced,
        recorded_at as decided_at,
        is_simulated
    from canary_decisions

)

select * from gate_decisions
where decided_at <= {{ as_of() }}
