-- One row per repository, subject, component and vulnerability for which a fix was ever on offer.
with vulnerability_exposures as (

    select * from {{ ref('int_vulnerability_exposures') }}

),

vulnerability_groups as (

    select * from {{ ref('int_vulnerability_groups') }}

),

scans as (

    select * from {{ ref('int_vulnerability_scans_named') }}

),

live_spans as (

    select * from {{ ref('int_live_spans') }}

),

-- A fix is as old as the first scan that names one; scanners do not say since when it was out.
offered_fixes as (

    select
        repository,
        subject,
        component,
        vulnerability,
        min(scanned_at) as fix_offered_at
    from vulnerability_groups
    where has_fix and subject is not null
    group by 1, 2, 3, 4

),

-- The digest in which a scan no longer found it.
fixed_digests as (

    select
        vulnerability_exposures.repository,
        vulnerability_exposures.subject,
        vulnerability_exposures.component,
        vulnerability_exposures.vulnerability,
        min(scans.subject_digest) as fixed_digest
    from vulnerability_exposures
    inner join scans
        on
            vulnerability_exposures.repository = scans.repository
            and vulnerability_exposures.subject = scans.subject
            and vulnerability_exposures.fixed_at = scans.scanned_at
    group by 1, 2, 3, 4

),

first_live as (

    select
        artifact_digest,
        min(live_from) as live_from
    from live_spans
    where artifact_digest is not null
    group by artifact_digest

),

patched as (

    select
        vulnerability_exposures.repository,
        vulnerability_exposures.subject,
        vulnerability_exposures.component,
        vulnerability_exposures.vulnerability,
        vulnerability_exposures.severity,
        coalesce(vulnerability_exposures.is_kev, false) as is_kev,
        vulnerability_exposures.first_seen_at,
        offered_fixes.fix_offered_at,
        vulnerability_exposures.fixed_at,
        fixed_digests.fixed_digest,
        first_live.live_from as fixed_live_at,
        vulnerability_exposures.is_simulated
    from offered_fixes
    inner join vulnerability_exposures
        on
            offered_fixes.repository = vulnerability_exposures.repository
            and offered_fixes.subject = vulnerability_exposures.subject
            and offered_fixes.component = vulnerability_exposures.component
            and offered_fixes.vulnerability = vulnerability_exposures.vulnerability
    left join fixed_digests
        on
            vulnerability_exposures.repository = fixed_digests.repository
            and vulnerability_exposures.subject = fixed_digests.subject
            and vulnerability_exposures.component = fixed_digests.component
            and vulnerability_exposures.vulnerability = fixed_digests.vulnerability
    left join first_live on fixed_digests.fixed_digest = first_live.artifact_digest

),

patch_lead_times as (

    select
        repository,
        subject,
        component,
        vulnerability,
        severity,
        is_kev,
        first_seen_at,
        fix_offered_at,
        fixed_at,
        fixed_digest,
        fixed_live_at,
        cast(fixed_live_at as date) as fixed_live_date,
        case
            when fixed_live_at >= fix_offered_at
                then {{ dbt.datediff('fix_offered_at', 'fixed_live_at', 'millisecond') }}
        end as patch_lead_time_ms,
        case
            when fixed_at is null then 'not_fixed'
            when fixed_live_at is null then 'not_live'
            when fixed_live_at < fix_offered_at then 'negative'
        end as unmeasured_reason,
        case
            when fixed_at is null then {{ dbt.datediff('fix_offered_at', as_of(), 'millisecond') }}
        end as waiting_ms,
        is_simulated
    from patched

)

select * from patch_lead_times
