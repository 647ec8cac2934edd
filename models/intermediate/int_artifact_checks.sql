-- One row per artifact and check: the newest verdict, and what is left of it today.
with verifications as (

    select * from {{ ref('int_verifications_current') }}

),

releases as (

    select * from {{ ref('int_releases_current') }}

),

required_checks as (

    select * from {{ ref('int_required_checks') }}

),

-- Of two verdicts of one moment the worse one counts.
newest_verifications as (

    select *
    from verifications
    where checked_at <= {{ as_of() }}
    qualify row_number() over (
        partition by subject_digest, check_name
        order by
            checked_at desc,
            case verdict when 'refuted' then 0 when 'undecided' then 1 else 2 end,
            verification_id
    ) = 1

),

released_artifacts as (

    select distinct artifact_digest
    from releases
    where released_at <= {{ as_of() }}

),

-- Missing evidence fails a release, and is not applicable to anything else.
checks as (

    select
        subject_digest as artifact_digest,
        check_name
    from newest_verifications

    union distinct

    select
        released_artifacts.artifact_digest,
        required_checks.check_name
    from released_artifacts
    cross join required_checks

),

judged_checks as (

    select
        checks.artifact_digest,
        checks.check_name,
        required_checks.check_name is not null as is_required,
        released_artifacts.artifact_digest is not null as is_released,
        newest_verifications.verification_id,
        newest_verifications.verdict as newest_verdict,
        newest_verifications.reasons,
        newest_verifications.tool,
        newest_verifications.tool_version,
        newest_verifications.identity,
        newest_verifications.issuer,
        newest_verifications.slsa_build_level,
        newest_verifications.checked_at,
        required_checks.max_age_days,
        coalesce(
            {{ dbt.datediff('newest_verifications.checked_at', as_of(), 'second') }}
            > required_checks.max_age_days * 86400,
            false
        ) as is_stale
    from checks
    left join newest_verifications
        on
            checks.artifact_digest = newest_verifications.subject_digest
            and checks.check_name = newest_verifications.check_name
    left join required_checks
        on checks.check_name = required_checks.check_name
    left join released_artifacts
        on checks.artifact_digest = released_artifacts.artifact_digest

),

-- What is missing or stale is undecided: neither verified nor refuted.
artifact_checks as (

    select
        *,
        case
            when newest_verdict is null or is_stale then 'undecided'
            else newest_verdict
        end as verdict,
        newest_verdict is null as is_missing
    from judged_checks

)

select * from artifact_checks
