-- One row per counted production deployment since anybody checks provenance: what was known of its origin when it started.
{{ config(materialized='table') }}

with deployments as (

    select deployments.*
    from {{ ref('deployments') }} as deployments
    inner join {{ ref('int_assurance_starts') }} as assurance_starts
        on
            deployments.is_simulated = assurance_starts.is_simulated
            and assurance_starts.assurance = 'provenance'
            and deployments.started_at > assurance_starts.first_used_at
    where deployments.is_counted

),

provenance_checks as (

    select * from {{ ref('int_verifications_current') }}
    where check_name = 'provenance'

),

provenance_requirements as (

    select max_age_days
    from {{ ref('int_required_checks') }}
    where check_name = 'provenance'

),

-- What was checked later does not whitewash. Of two verdicts of one moment the worse one counts.
checks_before_deployments as (

    select
        deployments.provider,
        deployments.deployment_id,
        provenance_checks.verdict,
        provenance_checks.checked_at
    from deployments
    inner join provenance_checks
        on
            deployments.artifact_digest = provenance_checks.subject_digest
            and provenance_checks.checked_at < deployments.started_at
    qualify row_number() over (
        partition by deployments.provider, deployments.deployment_id
        order by
            provenance_checks.checked_at desc,
            case provenance_checks.verdict when 'refuted' then 0 when 'undecided' then 1 else 2 end,
            provenance_checks.verification_id
    ) = 1

),

deployments_with_check as (

    select
        deployments.*,
        checks_before_deployments.verdict as provenance_checked_verdict,
        checks_before_deployments.checked_at as provenance_checked_at,
        coalesce(
            {{ dbt.datediff('checks_before_deployments.checked_at', 'deployments.started_at', 'second') }}
            > (select max(provenance_requirements.max_age_days) from provenance_requirements) * 86400,
            false
        ) as is_provenance_stale
    from deployments
    left join checks_before_deployments
        on
            deployments.provider = checks_before_deployments.provider
            and deployments.deployment_id = checks_before_deployments.deployment_id

),

-- A refutation does not age: what was forged stays forged.
deployments_with_provenance as (

    select
        provider,
        deployment_id,
        repository,
        deployed_at,
        artifact_digest,
        is_failed,
        is_simulated,
        provenance_checked_at,
        case
            when provenance_checked_verdict = 'refuted' then 'refuted'
            when provenance_checked_verdict = 'verified' and not is_provenance_stale then 'verified'
            else 'undecided'
        end as provenance_verdict,
        case
            when artifact_digest is null then 'no_digest'
            when provenance_checked_verdict is null then 'no_check'
            when provenance_checked_verdict = 'verified' and is_provenance_stale then 'stale'
            when provenance_checked_verdict = 'undecided' then 'undecided_check'
        end as provenance_undecided_reason
    from deployments_with_check

)

select * from deployments_with_provenance
