-- One row per repository, policy and day (UTC) on which the policy decided anything; `(none)` stands for the
-- deployments of a day that any policy should have been asked about.
with policy_decisions as (

    select * from {{ ref('int_policy_decisions_reported') }}

),

linked_decisions as (

    select * from {{ ref('int_gate_decisions_linked') }}
    where gate_kind = 'policy'

),

deployments as (

    select deployments.*
    from {{ ref('int_deployments_deduplicated') }} as deployments
    inner join {{ ref('int_assurance_starts') }} as assurance_starts
        on
            deployments.is_simulated = assurance_starts.is_simulated
            and assurance_starts.assurance = 'policy'
            and deployments.deployed_at >= assurance_starts.first_used_at
    where
        deployments.is_production
        and deployments.is_live
        and not deployments.is_repeat
        and deployments.deployed_at <= {{ as_of() }}

),

asked_deployments as (

    select distinct deployment_key
    from linked_decisions

),

deployment_days as (

    select
        deployments.repository,
        cast(deployments.deployed_at as date) as decided_date,
        count(*) as deployment_count,
        count(case when asked_deployments.deployment_key is null then 1 end) as bypass_count
    from deployments
    left join asked_deployments
        on deployments.deployment_key = asked_deployments.deployment_key
    group by
        deployments.repository,
        cast(deployments.deployed_at as date)

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
        cast(null as {{ dbt.type_bigint() }}) as deployment_count,
        cast(null as {{ dbt.type_bigint() }}) as bypass_count,
        is_simulated
    from decision_counts
    union all
    select
        repository,
        '(none)' as policy_id,
        decided_date,
        cast(0 as {{ dbt.type_bigint() }}) as decision_count,
        cast(0 as {{ dbt.type_bigint() }}) as allowed_count,
        cast(0 as {{ dbt.type_bigint() }}) as denied_count,
        cast(0 as {{ dbt.type_bigint() }}) as decided_count,
        cast(null as {{ type_double() }}) as compliance_ratio,
        cast(0 as {{ dbt.type_bigint() }}) as warned_count,
        cast(0 as {{ dbt.type_bigint() }}) as error_count,
        cast(0 as {{ dbt.type_bigint() }}) as exempted_count,
        cast(0 as {{ dbt.type_bigint() }}) as unenforced_denied_count,
        deployment_count,
        bypass_count,
        {{ is_simulated('repository') }} as is_simulated
    from deployment_days

)

select * from policy_compliance
