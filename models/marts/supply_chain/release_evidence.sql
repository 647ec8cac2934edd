-- One row per release (repository, tag) and type of evidence that it needs or has.
{{ config(partition_by=partitioned_by('released_date')) }}

with releases as (

    select * from {{ ref('int_releases_current') }}
    where released_at <= {{ as_of() }}

),

artifact_checks as (

    select * from {{ ref('int_artifact_checks') }}

),

required_checks as (

    select * from {{ ref('int_required_checks') }}

),

verifications as (

    select * from {{ ref('int_verifications_current') }}

),

sboms as (

    select * from {{ ref('int_sboms_current') }}

),

bundles as (

    select * from {{ ref('int_evidence_bundles_current') }}

),

bundle_items as (

    select * from {{ ref('int_evidence_items_current') }}

),

deployments as (

    select * from {{ ref('int_deployments_deduplicated') }}
    where is_production and is_live and not is_repeat

),

-- The moment that counts: when what was released first began to be put before users.
first_deployments as (

    select
        repository,
        artifact_digest,
        provider as deployment_provider,
        deployment_id,
        started_at as deployment_started_at
    from deployments
    where artifact_digest is not null and started_at <= {{ as_of() }}
    qualify row_number() over (
        partition by repository, artifact_digest
        order by started_at, deployment_key
    ) = 1

),

-- A bundle of another digest under the same tag is the evidence of something else.
newest_bundles as (

    select
        bundles.evidence_bundle_id,
        releases.repository,
        releases.tag
    from bundles
    inner join releases
        on
            bundles.repository = releases.repository
            and bundles.release_tag = releases.tag
            and coalesce(bundles.artifact_digest, releases.artifact_digest) = releases.artifact_digest
    where bundles.created_at <= {{ as_of() }}
    qualify row_number() over (
        partition by releases.repository, releases.tag
        order by bundles.created_at desc, bundles.evidence_bundle_id
    ) = 1

),

-- A bundle may hold several items of a type, as one SBOM per platform: it is there when all of them are.
bundled_types as (

    select
        newest_bundles.repository,
        newest_bundles.tag,
        bundle_items.evidence_type,
        min(case when bundle_items.is_present then 1 else 0 end) = 1 as is_present,
        min(case when bundle_items.is_verified then 1 else 0 end) = 1 as is_claimed
    from newest_bundles
    inner join bundle_items
        on newest_bundles.evidence_bundle_id = bundle_items.evidence_bundle_id
    group by 1, 2, 3

),

described_digests as (

    select distinct subject_digest as artifact_digest
    from sboms
    where subject_digest is not null

),

evidence_types as (

    select
        releases.repository,
        releases.tag,
        artifact_checks.check_name as evidence_type
    from releases
    inner join artifact_checks on releases.artifact_digest = artifact_checks.artifact_digest
    union distinct
    select
        repository,
        tag,
        evidence_type
    from bundled_types

),

release_types as (

    select
        releases.repository,
        releases.tag,
        evidence_types.evidence_type,
        releases.artifact_digest,
        releases.released_at,
        required_checks.check_name is not null as is_required,
        required_checks.max_age_days,
        first_deployments.deployment_provider,
        first_deployments.deployment_id,
        first_deployments.deployment_started_at
    from evidence_types
    inner join releases
        on evidence_types.repository = releases.repository and evidence_types.tag = releases.tag
    left join required_checks on evidence_types.evidence_type = required_checks.check_name
    left join first_deployments
        on
            releases.repository = first_deployments.repository
            and releases.artifact_digest = first_deployments.artifact_digest

),

-- What was known when the deployment started: checked before it and, if the sender says so, reported before it.
known_verdicts as (

    select
        release_types.repository,
        release_types.tag,
        release_types.evidence_type,
        case
            when
                {{ dbt.datediff('verifications.checked_at', 'release_types.deployment_started_at', 'second') }}
                > release_types.max_age_days * 86400
                then 'stale'
            else verifications.verdict
        end as status_at_deployment
    from release_types
    inner join verifications
        on
            release_types.artifact_digest = verifications.subject_digest
            and release_types.evidence_type = verifications.check_name
    where
        verifications.checked_at < release_types.deployment_started_at
        and coalesce(verifications._emitted_at, verifications.checked_at) < release_types.deployment_started_at
    qualify row_number() over (
        partition by release_types.repository, release_types.tag, release_types.evidence_type
        order by
            verifications.checked_at desc,
            case verifications.verdict when 'refuted' then 0 when 'undecided' then 1 else 2 end,
            verifications.verification_id
    ) = 1

),

found_evidence as (

    select
        release_types.*,
        artifact_checks.verdict,
        artifact_checks.newest_verdict,
        artifact_checks.is_stale,
        artifact_checks.checked_at,
        artifact_checks.reasons,
        newest_bundles.evidence_bundle_id is not null as has_bundle,
        coalesce(bundled_types.is_present, false) as is_bundled,
        coalesce(bundled_types.is_claimed, false) as is_claimed_by_bundle,
        -- A verdict about it, good or bad, needs something to look at.
        coalesce(artifact_checks.newest_verdict in ('verified', 'refuted'), false)
        or coalesce(bundled_types.is_present, false)
        or (release_types.evidence_type = 'sbom' and described_digests.artifact_digest is not null) as is_present,
        case
            when release_types.deployment_started_at is null then null
            else coalesce(known_verdicts.status_at_deployment, 'missing')
        end as status_at_deployment
    from release_types
    left join artifact_checks
        on
            release_types.artifact_digest = artifact_checks.artifact_digest
            and release_types.evidence_type = artifact_checks.check_name
    left join newest_bundles
        on
            release_types.repository = newest_bundles.repository
            and release_types.tag = newest_bundles.tag
    left join bundled_types
        on
            release_types.repository = bundled_types.repository
            and release_types.tag = bundled_types.tag
            and release_types.evidence_type = bundled_types.evidence_type
    left join described_digests on release_types.artifact_digest = described_digests.artifact_digest
    left join known_verdicts
        on
            release_types.repository = known_verdicts.repository
            and release_types.tag = known_verdicts.tag
            and release_types.evidence_type = known_verdicts.evidence_type

),

judged_evidence as (

    select
        *,
        case
            when newest_verdict is not null and is_stale then 'stale'
            when newest_verdict is not null then newest_verdict
            when is_present then 'present'
            else 'missing'
        end as status
    from found_evidence

),

release_evidence as (

    select
        repository,
        tag,
        evidence_type,
        artifact_digest,
        released_at,
        cast(released_at as date) as released_date,
        is_required,
        is_present,
        status,
        checked_at,
        reasons,
        max_age_days,
        has_bundle,
        is_bundled,
        has_bundle and is_required and not is_bundled as is_missing_from_bundle,
        is_claimed_by_bundle,
        deployment_provider,
        deployment_id,
        deployment_started_at,
        status_at_deployment,
        -- Today's verdict does not whitewash the deployment that did not wait for it.
        status = 'verified' and coalesce(status_at_deployment <> 'verified', false) as is_late,
        {{ one_if('is_required') }} as required_count,
        {{ one_if("is_required and status = 'verified'") }} as verified_count,
        {{ one_if('is_required and deployment_started_at is not null') }} as required_at_deployment_count,
        {{ one_if("is_required and status_at_deployment = 'verified'") }} as verified_at_deployment_count,
        {{ is_simulated('repository') }} as is_simulated
    from judged_evidence

)

select * from release_evidence
