-- One row per vulnerability, product and component of it about which a VEX statement was made.
with statements as (

    select * from {{ ref('int_vex_statements_effective') }}

),

matches as (

    select * from {{ ref('int_vex_statements_matched') }}

),

exposures as (

    select * from {{ ref('int_vulnerability_exposures') }}

),

match_counts as (

    select
        matches.vulnerability,
        matches.product,
        matches.subcomponent,
        count(*) as matched_exposure_count,
        count(case when exposures.fixed_at is null then 1 end) as matched_unfixed_exposure_count
    from matches
    inner join exposures
        on
            matches.repository = exposures.repository
            and matches.subject = exposures.subject
            and matches.component = exposures.component
            and matches.vulnerability = exposures.vulnerability
    group by
        matches.vulnerability,
        matches.product,
        matches.subcomponent

),

vex_coverage as (

    select
        statements.vulnerability,
        statements.product,
        statements.subcomponent,
        statements.status,
        statements.justification,
        statements.impact_statement,
        statements.author,
        statements.document_id,
        statements.document_version,
        statements.stated_at,
        statements.expires_at,
        statements.is_expired,
        statements.is_exempting,
        coalesce(match_counts.matched_exposure_count, 0) as matched_exposure_count,
        coalesce(match_counts.matched_unfixed_exposure_count, 0) as matched_unfixed_exposure_count,
        match_counts.vulnerability is null as is_unmatched,
        statements.is_simulated
    from statements
    left join match_counts
        on
            statements.vulnerability = match_counts.vulnerability
            and statements.product = match_counts.product
            and statements.subcomponent = match_counts.subcomponent

)

select * from vex_coverage
