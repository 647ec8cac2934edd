-- One row per digest, component and vulnerability that any scan ever found in it.
{{ config(materialized='table') }}

with vulnerability_groups as (

    select * from {{ ref('int_vulnerability_groups') }}

),

exposures as (

    select * from {{ ref('vulnerability_exposure') }}

),

-- What is in a digest was in it from the beginning: one scan is enough to know.
found_in_digests as (

    select distinct
        subject_digest as artifact_digest,
        component,
        vulnerability,
        repository,
        subject
    from vulnerability_groups
    where subject_digest is not null and subject is not null

),

digest_vulnerabilities as (

    select
        found_in_digests.artifact_digest,
        found_in_digests.component,
        found_in_digests.vulnerability,
        min(exposures.first_seen_at) as first_seen_at,
        -- Several repositories may have scanned the digest: it is exempted when it is in all of them.
        case
            when count(*) = count(case when exposures.is_vex_exempting then 1 end) then max(exposures.vex_stated_at)
        end as exempted_at,
        max(case when exposures.is_kev then 1 else 0 end) = 1 as is_kev,
        max(case when exposures.exploitability = 'exploitable' then 1 else 0 end) = 1 as is_exploitable,
        max(case when exposures.exploitability = 'unknown' then 1 else 0 end) = 1 as is_possibly_exploitable
    from found_in_digests
    inner join exposures
        on
            found_in_digests.repository = exposures.repository
            and found_in_digests.subject = exposures.subject
            and found_in_digests.component = exposures.component
            and found_in_digests.vulnerability = exposures.vulnerability
    group by 1, 2, 3

)

select * from digest_vulnerabilities
