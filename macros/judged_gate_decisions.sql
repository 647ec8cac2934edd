{#
    The CTEs `decision_outcomes` and `judged_decisions`: one row per decision of a gate, with what became of the
    deployments that it was about. For whom counts them and for whom lists them; both have `gate_decisions`,
    `linked_decisions` and `deployments` before it.
#}
{% macro judged_gate_decisions() %}
-- What became of the deployments that a decision was about; one is enough.
decision_outcomes as (

    select
        linked_decisions.gate_decision_id,
        max({{ one_if('linked_decisions.is_final and deployments.is_counted') }}) as live_count,
        max({{ one_if('linked_decisions.is_final and deployments.is_failed') }}) as failed_count
    from linked_decisions
    inner join deployments
        on linked_decisions.deployment_key = deployments.provider || ':' || deployments.deployment_id
    group by linked_decisions.gate_decision_id

),

judged_decisions as (

    select
        gate_decisions.gate_decision_id,
        gate_decisions.repository,
        gate_decisions.gate_kind,
        gate_decisions.gate,
        {{ week_of('gate_decisions.decided_at') }} as week_start_date,
        gate_decisions.is_simulated,
        gate_decisions.decision,
        gate_decisions.is_enforced,
        gate_decisions.decided_at,
        decision_outcomes.gate_decision_id is not null as is_linked,
        coalesce(decision_outcomes.live_count, 0) = 1 as went_live,
        coalesce(decision_outcomes.failed_count, 0) = 1 as failed
    from gate_decisions
    left join decision_outcomes
        on gate_decisions.gate_decision_id = decision_outcomes.gate_decision_id

)
{% endmacro %}
