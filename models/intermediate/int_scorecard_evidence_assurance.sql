-- One row per metric of evidence, gates and rehearsal, week and fact behind it, of the last four complete weeks.
with weeks as (

    select * from {{ ref('int_scorecard_weeks') }}
    where is_complete and week_start_date >= {{ evidence_since() }}

),

determinism_checks as (

    select * from {{ ref('int_determinism_checks_reported') }}
    where checked_at <= {{ as_of() }} and cast(checked_at as date) >= {{ evidence_since() }}

),

release_evidence as (

    select
        release_evidence.*,
        releases._event_id,
        release_evidence.repository || ' ' || release_evidence.tag || ' ' || release_evidence.evidence_type
            as evidence_key
    from {{ ref('release_evidence') }} as release_evidence
    inner join {{ ref('releases') }} as releases
        on
            release_evidence.repository = releases.repository
            and release_evidence.tag = releases.tag
    -- What was not asked for before anybody looked is unknown, as in the metric.
    inner join {{ ref('int_assurance_starts') }} as assurance_starts
        on
            releases.is_simulated = assurance_starts.is_simulated
            and assurance_starts.assurance = 'verification'
            and releases.deployment_started_at > assurance_starts.first_used_at
    where cast(release_evidence.deployment_started_at as date) >= {{ evidence_since() }}

),

policy_decisions as (

    select * from {{ ref('int_policy_decisions_reported') }}
    where decided_at <= {{ as_of() }} and cast(decided_at as date) >= {{ evidence_since() }}

),

gate_decisions as (

    select * from {{ ref('int_gate_decisions_united') }}

),

linked_decisions as (

    select * from {{ ref('int_gate_decisions_linked') }}

),

deployments as (

    select * from {{ ref('deployments') }}

),

{{ judged_gate_decisions() }},

decision_event_ids as (

    select
        policy_decision_id as gate_decision_id,
        _event_id
    from {{ ref('int_policy_decisions_reported') }}
    union all
    select
        canary_decision_id as gate_decision_id,
        _event_id
    from {{ ref('int_canary_decisions_reported') }}

),

recent_decisions as (

    select
        judged_decisions.*,
        decision_event_ids._event_id
    from judged_decisions
    inner join decision_event_ids
        on judged_decisions.gate_decision_id = decision_event_ids.gate_decision_id
    where judged_decisions.week_start_date >= {{ evidence_since() }}

),

asked_deployments as (

    select distinct deployment_key
    from linked_decisions
    where gate_kind = 'policy'

),

-- Whom a policy should have been asked about, as in `policy_compliance`.
live_deployments as (

    select
        live_deployments.*,
        asked_deployments.deployment_key is not null as is_asked
    from {{ ref('int_deployments_deduplicated') }} as live_deployments
    inner join {{ ref('int_assurance_starts') }} as assurance_starts
        on
            live_deployments.is_simulated = assurance_starts.is_simulated
            and assurance_starts.assurance = 'policy'
            and live_deployments.deployed_at >= assurance_starts.first_used_at
    left join asked_deployments
        on live_deployments.deployment_key = asked_deployments.deployment_key
    where
        live_deployments.is_production
        and live_deployments.is_live
        and not live_deployments.is_repeat
        and live_deployments.deployed_at <= {{ as_of() }}
        and cast(live_deployments.deployed_at as date) >= {{ evidence_since() }}

),

exposure_weeks as (

    select * from {{ ref('exploitable_exposure') }}
    where week_start_date >= {{ evidence_since() }}

),

{{ first_scans('vulnerability_groups.subject is not null and vulnerability_groups.has_fix') }},

patches as (

    select
        patches.*,
        first_scans._event_id,
        patches.repository || ' ' || patches.subject || ' ' || patches.component || ' ' || patches.vulnerability
            as patch_key
    from {{ ref('patch_lead_times') }} as patches
    left join first_scans
        on
            patches.repository = first_scans.repository
            and patches.subject = first_scans.subject
            and patches.component = first_scans.component
            and patches.vulnerability = first_scans.vulnerability
    where cast(patches.fixed_live_at as date) >= {{ evidence_since() }}

),

cache_checks as (

    select
        *,
        coalesce(verdict <> 'undecided' and mismatched_entry_count = 0 and is_signed, false) as is_intact
    from {{ ref('int_cache_checks_current') }}
    where checked_at <= {{ as_of() }} and cast(checked_at as date) >= {{ evidence_since() }}

),

incident_event_ids as (

    select
        provider,
        incident_id,
        _event_id
    from {{ ref('int_incidents_current') }}

),

-- Each week's own window of 90 days, as in `chaos_coverage`.
incidents as (

    select
        weeks.week_start_date,
        incidents.*,
        incident_event_ids._event_id
    from weeks
    inner join {{ ref('int_incidents_rehearsed') }} as incidents
        on
            incidents.opened_at < weeks.known_until_at
            and incidents.opened_at >= {{ moment_plus('weeks.known_until_at', -90, 'day') }}
    left join incident_event_ids
        on
            incidents.provider = incident_event_ids.provider
            and incidents.incident_id = incident_event_ids.incident_id

),

evidence as (

    {{ evidence_of(
        'reproducible_ratio', 'determinism_checks', 'determinism_check', week_of('checked_at'), 'determinism_check_id',
        "kind || ' of ' || subject", 'checked_at',
        is_excluded="verdict = 'undecided'",
        numerator=one_if("verdict = 'verified'"),
        denominator='1',
        why="case verdict when 'verified' then 'Two builds of it are identical.'
            when 'refuted' then 'Two builds of it differ' || coalesce(': ' || first_cause, '') || '.'
            else 'Whether two builds of it are the same could not be decided.' end"
    ) }}
    union all
    {{ evidence_of(
        'evidence_completeness_ratio', 'release_evidence', 'release_evidence', week_of('deployment_started_at'),
        'evidence_key', "evidence_type || ' of release ' || tag", 'deployment_started_at',
        is_excluded='required_at_deployment_count = 0',
        numerator='verified_at_deployment_count',
        denominator='required_at_deployment_count',
        why="case when required_at_deployment_count = 0 then 'It is not required.'
            else 'When the deployment started: ' || coalesce(status_at_deployment, 'unknown') || '.' end"
    ) }}
    union all
    {{ evidence_of(
        'policy_compliance_ratio', 'policy_decisions', 'policy_decision', week_of('decided_at'), 'policy_decision_id',
        "policy_id || coalesce(', ' || rule, '') || coalesce(' about ' || subject, '')", 'decided_at',
        is_excluded="decision not in ('allow', 'deny')",
        numerator=one_if("decision = 'allow'"),
        denominator='1',
        why="'The decision: ' || decision || coalesce(' (' || reason || ')', '') || '.'"
    ) }}
    union all
    {{ evidence_of(
        'bypass_count', 'live_deployments', 'deployment', week_of('deployed_at'), 'deployment_key',
        "coalesce(service, '(none)') || ' to ' || environment || ', deployment ' || deployment_id", 'deployed_at',
        is_excluded='is_asked',
        numerator='1',
        why="case when is_asked then 'A policy decided about it.' else 'No policy was asked about it.' end"
    ) }}
    union all
    {{ evidence_of(
        'gate_failure_ratio', 'recent_decisions', 'gate_decision', 'week_start_date', 'gate_decision_id',
        "gate_kind || ' ' || gate || ': ' || decision", 'decided_at',
        is_excluded="decision <> 'allow' or not went_live",
        numerator=one_if('failed'),
        denominator='1',
        why="case when decision <> 'allow' then 'It did not allow.'
            when not went_live then 'No production deployment that reached users follows from it.'
            when failed then 'What it allowed failed.' else 'What it allowed has no sign of failure.' end"
    ) }}
    union all
    {{ evidence_of(
        'gate_override_ratio', 'recent_decisions', 'gate_decision', 'week_start_date', 'gate_decision_id',
        "gate_kind || ' ' || gate || ': ' || decision", 'decided_at',
        is_excluded="decision <> 'deny' or not is_enforced",
        numerator=one_if('went_live'),
        denominator='1',
        why="case when decision <> 'deny' then 'It did not deny.'
            when not is_enforced then 'It was not meant to be kept: audit or dry run.'
            when went_live then 'What it denied reached users all the same.' else 'What it denied was stopped.' end"
    ) }}
    union all
    {{ evidence_of(
        'exploitable_exposure_days', 'exposure_weeks', 'repository_week', 'week_start_date', 'repository', 'repository',
        'cast(week_start_date as timestamp)',
        is_excluded='exploitable_exposure_days is null',
        numerator='exploitable_exposure_days',
        is_aggregate='true',
        event_id='null',
        why="case when exploitable_exposure_days is null then 'Nothing of what was live was scanned.'
            else 'Days of ' || " ~ whole('exploitable_vulnerability_count') ~ "
            || ' exploitable vulnerabilities together: each one day for each day it was live.' end"
    ) }}
    union all
    {{ evidence_of(
        'patch_lead_time', 'patches', 'vulnerability', week_of('fixed_live_at'), 'patch_key',
        "vulnerability || ' in ' || component || ' of ' || subject", 'fixed_live_at',
        is_excluded='patch_lead_time_ms is null',
        value='patch_lead_time_ms',
        sample='1',
        why="case when patch_lead_time_ms is null then 'Not measured: ' || coalesce(unmeasured_reason, 'unknown') || '.'
            else 'From the first scan that named a fix to the fix being live.' end"
    ) }}
    union all
    {{ evidence_of(
        'cache_integrity_ratio', 'cache_checks', 'cache_check', week_of('checked_at'), 'cache_check_id', 'cache',
        'checked_at',
        numerator=one_if('is_intact'),
        denominator='1',
        why="case when is_intact then 'Each entry is what was put into it, and its manifest is signed.'
            when verdict = 'undecided' then 'The check could not be made.'
            when mismatched_entry_count > 0 then 'Entries that differ: ' || " ~ whole('mismatched_entry_count') ~ " || '.'
            else 'Its manifest is not signed.' end"
    ) }}
    union all
    {{ evidence_of(
        'chaos_coverage_ratio', 'incidents', 'incident', 'week_start_date', "provider || ' ' || incident_id",
        "'incident ' || incident_id || coalesce(', ' || service, '')", 'opened_at',
        is_excluded="rehearsal = 'unknown'",
        numerator=one_if("rehearsal = 'rehearsed'"),
        denominator='1',
        why="case rehearsal when 'unknown' then 'Its cause, or its repository, is not known.'
            when 'rehearsed' then 'Its kind of cause had been injected before.'
            else 'Its kind of cause had never been injected before.' end"
    ) }}

)

select * from evidence
