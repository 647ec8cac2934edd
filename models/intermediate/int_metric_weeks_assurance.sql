-- One row per metric of evidence, gates and rehearsal, week and origin in which something was counted.
with determinism as (

    select * from {{ ref('determinism') }}

),

releases as (

    select releases.*
    from {{ ref('releases') }} as releases
    inner join {{ ref('int_assurance_starts') }} as assurance_starts
        on
            releases.is_simulated = assurance_starts.is_simulated
            and assurance_starts.assurance = 'verification'
            and releases.deployment_started_at > assurance_starts.first_used_at
    where releases.required_at_deployment_count > 0

),

policy_compliance as (

    select * from {{ ref('policy_compliance') }}

),

gate_efficacy as (

    select * from {{ ref('gate_efficacy') }}

),

exploitable_exposure as (

    select * from {{ ref('exploitable_exposure') }}

),

patch_lead_times as (

    select * from {{ ref('patch_lead_times') }}
    where patch_lead_time_ms is not null

),

cache_integrity as (

    select * from {{ ref('cache_integrity') }}

),

chaos_coverage as (

    select * from {{ ref('chaos_coverage') }}

),

ratio_weeks as (

    select
        'reproducible_ratio' as metric_id,
        {{ week_of('checked_date') }} as week_start_date,
        is_simulated,
        sum(identical_check_count) as numerator,
        sum(compared_check_count) as denominator,
        max(last_checked_at) as measured_at
    from determinism
    group by 1, 2, 3
    union all
    select
        'evidence_completeness_ratio' as metric_id,
        {{ week_of('deployment_started_at') }} as week_start_date,
        is_simulated,
        sum(verified_at_deployment_count) as numerator,
        sum(required_at_deployment_count) as denominator,
        max(deployment_started_at) as measured_at
    from releases
    group by 1, 2, 3
    union all
    select
        'policy_compliance_ratio' as metric_id,
        {{ week_of('decided_date') }} as week_start_date,
        is_simulated,
        sum(allowed_count) as numerator,
        sum(decided_count) as denominator,
        cast(max(decided_date) as timestamp) as measured_at
    from policy_compliance
    where decided_count > 0
    group by 1, 2, 3
    union all
    select
        'gate_failure_ratio' as metric_id,
        week_start_date,
        is_simulated,
        sum(allowed_failed_decision_count) as numerator,
        sum(allowed_live_decision_count) as denominator,
        max(last_decided_at) as measured_at
    from gate_efficacy
    group by 1, 2, 3
    union all
    select
        'gate_override_ratio' as metric_id,
        week_start_date,
        is_simulated,
        sum(overridden_decision_count) as numerator,
        sum(denied_decision_count) as denominator,
        max(last_decided_at) as measured_at
    from gate_efficacy
    group by 1, 2, 3
    union all
    select
        'cache_integrity_ratio' as metric_id,
        {{ week_of('checked_date') }} as week_start_date,
        is_simulated,
        sum(intact_check_count) as numerator,
        sum(check_count) as denominator,
        max(last_checked_at) as measured_at
    from cache_integrity
    group by 1, 2, 3
    union all
    -- Each week's own window of 90 days.
    select
        'chaos_coverage_ratio' as metric_id,
        week_start_date,
        is_simulated,
        sum(rehearsed_incident_count) as numerator,
        sum(understood_incident_count) as denominator,
        max(last_opened_at) as measured_at
    from chaos_coverage
    group by 1, 2, 3

),

metric_weeks as (

    select
        metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('numerator', 'denominator') }} as metric_value,
        cast(numerator as {{ type_double() }}) as numerator,
        cast(denominator as {{ type_double() }}) as denominator,
        cast(denominator as {{ dbt.type_bigint() }}) as sample_count,
        measured_at
    from ratio_weeks
    where denominator > 0
    union all
    select
        'bypass_count' as metric_id,
        {{ week_of('decided_date') }} as week_start_date,
        is_simulated,
        cast(sum(bypass_count) as {{ type_double() }}) as metric_value,
        cast(sum(bypass_count) as {{ type_double() }}) as numerator,
        null as denominator,
        cast(sum(deployment_count) as {{ dbt.type_bigint() }}) as sample_count,
        cast(max(decided_date) as timestamp) as measured_at
    from policy_compliance
    where deployment_count > 0
    group by 1, 2, 3
    union all
    select
        'exploitable_exposure_days' as metric_id,
        week_start_date,
        is_simulated,
        sum(exploitable_exposure_days) as metric_value,
        sum(exploitable_exposure_days) as numerator,
        null as denominator,
        count(*) as sample_count,
        -- Whatever is live is exposed anew every day, up to now.
        least(cast({{ date_plus('week_start_date', 7) }} as timestamp), {{ as_of() }}) as measured_at
    from exploitable_exposure
    where exploitable_exposure_days is not null
    group by 1, 2, 3
    union all
    select
        'patch_lead_time' as metric_id,
        {{ week_of('fixed_live_at') }} as week_start_date,
        is_simulated,
        cast({{ percentile('patch_lead_time_ms', 0.5) }} as {{ type_double() }}) as metric_value,
        null as numerator,
        null as denominator,
        count(*) as sample_count,
        max(fixed_live_at) as measured_at
    from patch_lead_times
    group by 1, 2, 3

)

select * from metric_weeks
