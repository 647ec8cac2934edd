-- One row per check of whether two builds are the same, by whoever reported it.
with determinism_checks as (

    select * from {{ ref('int_determinism_checks_current') }}

),

verifications as (

    select * from {{ ref('int_verifications_current') }}
    where check_name = 'determinism'

),

-- A check of its own says more than the verdict that a verifier repeats of the same artifact.
checked_digests as (

    select distinct subject_digest
    from determinism_checks
    where subject_digest is not null

),

lone_verifications as (

    select verifications.*
    from verifications
    left join checked_digests on verifications.subject_digest = checked_digests.subject_digest
    where checked_digests.subject_digest is null

),

reported as (

    select
        determinism_check_id,
        'check' as reported_by,
        repository,
        subject,
        subject_digest,
        kind,
        verdict,
        differing_files,
        differing_file_count,
        first_cause,
        environment,
        tool,
        tool_version,
        checked_at,
        is_simulated,
        _event_id
    from determinism_checks
    union all
    select
        verification_id as determinism_check_id,
        'verification' as reported_by,
        repository,
        coalesce(subject_name, subject_digest) as subject,
        subject_digest,
        -- A verifier does not say how far apart the builds were.
        '(none)' as kind,
        verdict,
        cast(null as {{ dbt.type_string() }}) as differing_files,
        cast(null as {{ dbt.type_bigint() }}) as differing_file_count,
        reasons as first_cause,
        cast(null as {{ dbt.type_string() }}) as environment,
        tool,
        tool_version,
        checked_at,
        is_simulated,
        _event_id
    from lone_verifications

)

select * from reported
