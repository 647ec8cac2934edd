-- One row per release (repository, tag).
{{ config(partition_by=partitioned_by('released_date')) }}

with releases as (

    select * from {{ ref('int_releases_current') }}
    where released_at <= {{ as_of() }}

),

release_evidence as (

    select * from {{ ref('release_evidence') }}

),

evidence_counts as (

    select
        repository,
        tag,
        sum(required_count) as required_evidence_count,
        sum(verified_count) as verified_evidence_count,
        count(case when is_required and status = 'missing' then 1 end) as missing_evidence_count,
        count(case when is_required and status = 'stale' then 1 end) as stale_evidence_count,
        sum(required_at_deployment_count) as required_at_deployment_count,
        sum(verified_at_deployment_count) as verified_at_deployment_count,
        count(case when is_required and is_late then 1 end) as late_evidence_count,
        max(case when has_bundle then 1 else 0 end) = 1 as has_bundle,
        count(case when is_missing_from_bundle then 1 end) as missing_from_bundle_count,
        max(deployment_provider) as deployment_provider,
        max(deployment_id) as deployment_id,
        max(deployment_started_at) as deployment_started_at
    from release_evidence
    group by repository, tag

),

counted_releases as (

    select
        releases.repository,
        releases.tag,
        releases.artifact_digest,
        releases.released_at,
        cast(releases.released_at as date) as released_date,
        coalesce(releases.is_prerelease, false) as is_prerelease,
        cast(coalesce(evidence_counts.required_evidence_count, 0) as {{ dbt.type_bigint() }})
            as required_evidence_count,
        cast(coalesce(evidence_counts.verified_evidence_count, 0) as {{ dbt.type_bigint() }})
            as verified_evidence_count,
        coalesce(evidence_counts.missing_evidence_count, 0) as missing_evidence_count,
        coalesce(evidence_counts.stale_evidence_count, 0) as stale_evidence_count,
        cast(coalesce(evidence_counts.required_at_deployment_count, 0) as {{ dbt.type_bigint() }})
            as required_at_deployment_count,
        cast(coalesce(evidence_counts.verified_at_deployment_count, 0) as {{ dbt.type_bigint() }})
            as verified_at_deployment_count,
        coalesce(evidence_counts.late_evidence_count, 0) as late_evidence_count,
        coalesce(evidence_counts.has_bundle, false) as has_bundle,
        coalesce(evidence_counts.missing_from_bundle_count, 0) as missing_from_bundle_count,
        evidence_counts.deployment_provider,
        evidence_counts.deployment_id,
        evidence_counts.deployment_started_at,
        {{ team_and_tier('releases') }},
        {{ is_simulated('releases.repository') }} as is_simulated,
        releases._event_id
    from releases
    left join evidence_counts
        on releases.repository = evidence_counts.repository and releases.tag = evidence_counts.tag
    {{ join_catalogue_entry('releases', 'released_at') }}

)

select
    repository,
    tag,
    artifact_digest,
    released_at,
    released_date,
    is_prerelease,
    required_evidence_count,
    verified_evidence_count,
    missing_evidence_count,
    stale_evidence_count,
    {{ safe_ratio('verified_evidence_count', 'required_evidence_count') }} as evidence_completeness_ratio,
    required_at_deployment_count,
    verified_at_deployment_count,
    {{ safe_ratio('verified_at_deployment_count', 'required_at_deployment_count') }}
        as evidence_completeness_at_deployment_ratio,
    late_evidence_count,
    has_bundle,
    missing_from_bundle_count,
    deployment_provider,
    deployment_id,
    deployment_started_at,
    team,
    tier,
    is_simulated,
    _event_id
from counted_releases
