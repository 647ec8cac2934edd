-- One row per repository, policy and day (UTC) on which the policy decided anything.
with policy_decisions as (

    select * from {{ ref('int_policy_decisions_reported') }}

),

decision_counts as (

    select
        coalesce(repository, '(none)') as repository,
        policy_id,
        cast(decided_at as date) as decided_date,
        count(*) as decision_count,
        count(case when decision = 'allow' then 1 end) as allowed_count,
        count(case when decision = 'deny' then 1 end) as denied_count,
        count(case when decision = 'warn' then 1 end) as warned_count,
        count(case when decision = 'error' then 1 end) as error_count,
        count(case when decision = 'exempt' then 1 end) as exempted_count,
        count(case when decision = 'deny' and mode in ('audit', 'dry_run') then 1 end) as unenforced_denied_count,
        max(case when is_simulated then 1 else 0 end) = 1 as is_simulated
    from policy_decisions
    where decided_at <= {{ as_of() }}
    group by
        coalesce(repository, '(none)'),
        policy_id,
        cast(decided_at as date)

),

policy_compliance as (

    select
        repository,
        policy_id,
        decided_date,
        decision_count,
        allowed_count,
        denied_count,
        allowed_count + denied_count as decided_count,
        {{ safe_ratio('allowed_count', 'allowed_count + denied_count') }} as compliance_ratio,
        warned_count,
        error_count,
        exempted_count,
        unenforced_denied_count,
        is_simulated
    from decision_counts

)

select * from policy_compliance
