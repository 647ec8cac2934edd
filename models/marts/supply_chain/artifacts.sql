-- One row per artifact digest that any evidence names.
with verifications as (

    select * from {{ ref('int_verifications_current') }}

),

sboms as (

    select * from {{ ref('int_sboms_current') }}

),

sbom_components as (

    select * from {{ ref('int_sbom_components_current') }}

),

scans as (

    select * from {{ ref('int_vulnerability_scans_current') }}

),

policy_decisions as (

    select * from {{ ref('int_policy_decisions_reported') }}

),

releases as (

    select * from {{ ref('int_releases_current') }}

),

deployments as (

    select * from {{ ref('int_deployments_deduplicated') }}

),

pipeline_runs as (

    select * from {{ ref('int_pipeline_runs_current') }}

),

artifact_checks as (

    select * from {{ ref('int_artifact_checks') }}

),

mentions as (

    select
        subject_digest as artifact_digest,
        subject_name as artifact_name,
        repository,
        checked_at as mentioned_at,
        is_simulated
    from verifications
    union all
    select subject_digest, subject_name, repository, created_at, is_simulated
    from sboms
    union all
    select subject_digest, target, repository, scanned_at, is_simulated
    from scans
    union all
    select subject_digest, cast(null as {{ dbt.type_string() }}), repository, decided_at, is_simulated
    from policy_decisions
    union all
    select artifact_digest, artifact_name, repository, released_at, is_simulated
    from releases
    union all
    select artifact_digest, cast(null as {{ dbt.type_string() }}), repository, started_at, is_simulated
    from deployments
    union all
    select image_digest, cast(null as {{ dbt.type_string() }}), repository, started_at, is_simulated
    from pipeline_runs

),

known_mentions as (

    select *
    from mentions
    where artifact_digest is not null

),

mentioned_artifacts as (

    select
        artifact_digest,
        min(mentioned_at) as first_mentioned_at,
        max(mentioned_at) as last_mentioned_at,
        max(case when is_simulated then 1 else 0 end) = 1 as is_simulated
    from known_mentions
    group by artifact_digest

),

-- The first to name an artifact made it; others deploy and judge it.
first_repositories as (

    select
        artifact_digest,
        repository
    from known_mentions
    where repository is not null
    qualify row_number() over (partition by artifact_digest order by mentioned_at, repository) = 1

),

first_names as (

    select
        artifact_digest,
        artifact_name
    from known_mentions
    where artifact_name is not null
    qualify row_number() over (partition by artifact_digest order by mentioned_at, artifact_name) = 1

),

-- Fold each kind of evidence to one row per artifact before the joins, or they would multiply each other.
check_counts as (

    select
        artifact_digest,
        count(case when is_required then 1 end) as required_check_count,
        count(case when is_required and verdict = 'verified' then 1 end) as verified_check_count,
        count(case when is_required and verdict = 'refuted' then 1 end) as refuted_check_count,
        count(case when is_required and verdict = 'undecided' then 1 end) as undecided_check_count,
        count(case when is_required and is_stale then 1 end) as stale_check_count,
        count(case when is_required and is_missing then 1 end) as missing_check_count,
        max(case when check_name = 'signature' then verdict end) as signature_verdict,
        max(case when check_name = 'provenance' then verdict end) as provenance_verdict,
        max(case when check_name = 'transparency_log' then verdict end) as transparency_log_verdict,
        max(case when check_name = 'sbom' then verdict end) as sbom_verdict,
        max(case when verdict = 'verified' then slsa_build_level end) as slsa_build_level,
        max(checked_at) as last_checked_at
    from artifact_checks
    group by artifact_digest

),

newest_sboms as (

    select
        sbom_id,
        subject_digest as artifact_digest,
        created_at,
        count(*) over (partition by subject_digest) as sbom_count
    from sboms
    where subject_digest is not null
    qualify row_number() over (partition by subject_digest order by created_at desc, sbom_id) = 1

),

component_counts as (

    select
        sbom_id,
        count(*) as component_count
    from sbom_components
    group by sbom_id

),

scan_counts as (

    select
        subject_digest as artifact_digest,
        count(*) as scan_count,
        max(scanned_at) as last_scanned_at
    from scans
    where subject_digest is not null
    group by subject_digest

),

decision_counts as (

    select
        subject_digest as artifact_digest,
        count(*) as policy_decision_count,
        count(case when decision = 'deny' then 1 end) as denied_policy_decision_count
    from policy_decisions
    where subject_digest is not null
    group by subject_digest

),

release_counts as (

    select
        artifact_digest,
        count(*) as release_count,
        min(released_at) as first_released_at
    from releases
    where released_at <= {{ as_of() }}
    group by artifact_digest

),

deployment_counts as (

    select
        artifact_digest,
        count(*) as deployment_count,
        count(case when is_production then 1 end) as production_deployment_count,
        min(case when is_production then deployed_at end) as first_in_production_at
    from deployments
    where
        artifact_digest is not null
        and is_live
        and not is_repeat
    group by artifact_digest

),

artifacts as (

    select
        mentioned_artifacts.artifact_digest,
        first_names.artifact_name,
        coalesce(first_repositories.repository, '(none)') as repository,
        mentioned_artifacts.first_mentioned_at,
        mentioned_artifacts.last_mentioned_at,
        coalesce(check_counts.required_check_count, 0) as required_check_count,
        coalesce(check_counts.verified_check_count, 0) as verified_check_count,
        coalesce(check_counts.refuted_check_count, 0) as refuted_check_count,
        coalesce(check_counts.undecided_check_count, 0) as undecided_check_count,
        coalesce(check_counts.stale_check_count, 0) as stale_check_count,
        coalesce(check_counts.missing_check_count, 0) as missing_check_count,
        {{ safe_ratio('check_counts.verified_check_count', 'check_counts.required_check_count') }} as trust_ratio,
        case
            when check_counts.refuted_check_count > 0 then 'refuted'
            -- An empty list of checks verifies nothing.
            when
                check_counts.required_check_count > 0
                and check_counts.verified_check_count = check_counts.required_check_count
                then 'verified'
            else 'undecided'
        end as trust_verdict,
        check_counts.signature_verdict,
        check_counts.provenance_verdict,
        check_counts.transparency_log_verdict,
        check_counts.sbom_verdict,
        check_counts.slsa_build_level,
        check_counts.last_checked_at,
        coalesce(newest_sboms.sbom_count, 0) as sbom_count,
        newest_sboms.created_at as last_sbom_created_at,
        component_counts.component_count,
        coalesce(scan_counts.scan_count, 0) as scan_count,
        scan_counts.last_scanned_at,
        coalesce(decision_counts.policy_decision_count, 0) as policy_decision_count,
        coalesce(decision_counts.denied_policy_decision_count, 0) as denied_policy_decision_count,
        coalesce(release_counts.release_count, 0) as release_count,
        release_counts.first_released_at,
        release_counts.artifact_digest is not null as is_released,
        coalesce(deployment_counts.deployment_count, 0) as deployment_count,
        coalesce(deployment_counts.production_deployment_count, 0) as production_deployment_count,
        deployment_counts.first_in_production_at,
        mentioned_artifacts.is_simulated
    from mentioned_artifacts
    left join first_repositories
        on mentioned_artifacts.artifact_digest = first_repositories.artifact_digest
    left join first_names
        on mentioned_artifacts.artifact_digest = first_names.artifact_digest
    left join check_counts
        on mentioned_artifacts.artifact_digest = check_counts.artifact_digest
    left join newest_sboms
        on mentioned_artifacts.artifact_digest = newest_sboms.artifact_digest
    left join component_counts
        on newest_sboms.sbom_id = component_counts.sbom_id
    left join scan_counts
        on mentioned_artifacts.artifact_digest = scan_counts.artifact_digest
    left join decision_counts
        on mentioned_artifacts.artifact_digest = decision_counts.artifact_digest
    left join release_counts
        on mentioned_artifacts.artifact_digest = release_counts.artifact_digest
    left join deployment_counts
        on mentioned_artifacts.artifact_digest = deployment_counts.artifact_digest

)

select * from artifacts
