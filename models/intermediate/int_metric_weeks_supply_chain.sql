-- One row per metric of the supply chain, week and origin in which something was known.
with weeks as (

    select * from {{ ref('int_scorecard_weeks') }}

),

releases as (

    select * from {{ ref('int_releases_current') }}

),

required_checks as (

    select * from {{ ref('int_required_checks') }}

),

verifications as (

    select * from {{ ref('int_verifications_current') }}

),

scans as (

    select * from {{ ref('int_vulnerability_scans_ordered') }}

),

exposures as (

    select * from {{ ref('vulnerability_exposure') }}

),

{{ checked_artifacts_of_weeks() }},

trust_weeks as (

    select
        week_start_date,
        is_simulated,
        count(case when is_verified then 1 end) as verified_check_count,
        count(*) as required_check_count,
        max(released_at) as measured_at
    from checked_artifacts
    group by week_start_date, is_simulated

),

scan_weeks as (

    select
        weeks.week_start_date,
        weeks.known_until_at,
        scans.is_simulated,
        count(distinct scans.repository || ' ' || scans.subject) as subject_count,
        max(scans.scanned_at) as measured_at
    from weeks
    inner join scans on scans.scanned_at < weeks.known_until_at
    group by 1, 2, 3

),

-- No breach counts as zero only where somebody looked.
breach_weeks as (

    select
        scan_weeks.week_start_date,
        scan_weeks.is_simulated,
        scan_weeks.subject_count,
        scan_weeks.measured_at,
        count(exposures.vulnerability) as breach_count
    from scan_weeks
    left join exposures
        on
            scan_weeks.is_simulated = exposures.is_simulated
            and exposures.first_seen_at < scan_weeks.known_until_at
            and (exposures.closed_at is null or exposures.closed_at >= scan_weeks.known_until_at)
            and {{ dbt.datediff('exposures.first_seen_at', 'scan_weeks.known_until_at', 'second') }}
            > exposures.sla_days * 86400
    group by 1, 2, 3, 4

),

metric_weeks as (

    select
        'trust_ratio' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('verified_check_count', 'required_check_count') }} as metric_value,
        verified_check_count as numerator,
        required_check_count as denominator,
        required_check_count as sample_count,
        measured_at
    from trust_weeks
    union all
    select
        'vulnerability_sla_breaches' as metric_id,
        week_start_date,
        is_simulated,
        breach_count as metric_value,
        breach_count as numerator,
        null as denominator,
        subject_count as sample_count,
        measured_at
    from breach_weeks

)

select * from metric_weeks
