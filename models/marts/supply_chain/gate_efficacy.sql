-- One row per gate, week (Monday to Sunday, UTC) of its decisions and origin (real or simulated).
{{ config(partition_by=partitioned_by('week_start_date')) }}

with gate_decisions as (

    select * from {{ ref('int_gate_decisions_united') }}

),

linked_decisions as (

    select * from {{ ref('int_gate_decisions_linked') }}

),

deployments as (

    select * from {{ ref('deployments') }}

),

{{ judged_gate_decisions() }},

decision_counts as (

    select
        gate_kind,
        gate,
        week_start_date,
        is_simulated,
        count(*) as decision_count,
        count(case when decision = 'allow' then 1 end) as allowed_decision_count,
        count(case when decision = 'allow' and went_live then 1 end) as allowed_live_decision_count,
        count(case when decision = 'allow' and failed then 1 end) as allowed_failed_decision_count,
        count(case when decision = 'deny' and is_enforced then 1 end) as denied_decision_count,
        count(case when decision = 'deny' and is_enforced and went_live then 1 end) as overridden_decision_count,
        count(case when decision = 'deny' and not is_enforced then 1 end) as unenforced_denied_decision_count,
        count(case when decision not in ('allow', 'deny') then 1 end) as other_decision_count,
        count(case when not is_linked then 1 end) as unlinked_decision_count,
        max(decided_at) as last_decided_at
    from judged_decisions
    group by 1, 2, 3, 4

),

gate_efficacy as (

    select
        gate_kind,
        gate,
        week_start_date,
        {{ date_plus('week_start_date', 7) }} <= cast({{ as_of() }} as date) as is_complete,
        decision_count,
        allowed_decision_count,
        allowed_live_decision_count,
        allowed_failed_decision_count,
        {{ safe_ratio('allowed_failed_decision_count', 'allowed_live_decision_count') }} as gate_failure_ratio,
        denied_decision_count,
        overridden_decision_count,
        {{ safe_ratio('overridden_decision_count', 'denied_decision_count') }} as gate_override_ratio,
        unenforced_denied_decision_count,
        other_decision_count,
        unlinked_decision_count,
        last_decided_at,
        is_simulated
    from decision_counts

)

select * from gate_efficacy
