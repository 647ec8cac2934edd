-- One row per kind of assurance and origin (real or simulated): the moment from which on its absence means something.
with verifications as (

    select * from {{ ref('int_verifications_current') }}
    where checked_at <= {{ as_of() }}

),

policy_decisions as (

    select * from {{ ref('int_policy_decisions_reported') }}
    where decided_at <= {{ as_of() }}

)

select
    'verification' as assurance,
    is_simulated,
    min(checked_at) as first_used_at
from verifications
group by is_simulated
union all
select
    'provenance' as assurance,
    is_simulated,
    min(checked_at) as first_used_at
from verifications
where check_name = 'provenance'
group by is_simulated
union all
select
    'policy' as assurance,
    is_simulated,
    min(decided_at) as first_used_at
from policy_decisions
group by is_simulated
