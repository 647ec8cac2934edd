-- One row per metric of the supply chain, week and check or vulnerability behind it, of the last four complete weeks.
with weeks as (

    select * from {{ ref('int_scorecard_weeks') }}
    where is_complete and week_start_date >= {{ evidence_since() }}

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

{{ checked_artifacts_of_weeks() }},

exposures as (

    select
        exposures.*,
        weeks.week_start_date,
        exposures.repository || ' ' || exposures.subject || ' ' || exposures.component || ' ' || exposures.vulnerability
            as exposure_key,
        {{ dbt.datediff('exposures.first_seen_at', 'weeks.known_until_at', 'second') }} > exposures.sla_days * 86400
            as is_breach
    from {{ ref('vulnerability_exposure') }} as exposures
    inner join weeks
        on
            exposures.first_seen_at < weeks.known_until_at
            and (exposures.closed_at is null or exposures.closed_at >= weeks.known_until_at)

),

evidence as (

    {{ evidence_of(
        'trust_ratio', 'checked_artifacts', 'artifact_check', 'week_start_date',
        "artifact_digest || ' ' || check_name",
        "check_name || ' of ' || artifact_digest", 'released_at',
        numerator=one_if('is_verified'),
        denominator='1',
        why="case when verdict is null then 'It was not checked before the week ended.'
            when is_verified then 'Verified, and within its maximum age.'
            when verdict = 'verified' then 'Verified, but longer ago than ' || " ~ whole('max_age_days') ~ " || ' days.'
            else 'The newest verdict: ' || verdict || '.' end"
    ) }}
    union all
    {{ evidence_of(
        'vulnerability_sla_breaches', 'exposures', 'vulnerability', 'week_start_date', 'exposure_key',
        "vulnerability || ' in ' || component || ' of ' || subject", 'first_seen_at',
        is_excluded='not coalesce(is_breach, false)',
        numerator='1',
        event_id='null',
        is_aggregate='true',
        why="case when sla_days is null then 'Its severity has no deadline.'
            when is_breach then 'Open longer than ' || " ~ whole('sla_days') ~ " || ' days.'
            else 'Open within its deadline of ' || " ~ whole('sla_days') ~ " || ' days.' end"
    ) }}

)

select * from evidence
