{#
    The CTEs `released_artifacts` and `checked_artifacts`: one row per week, released artifact and required check, with
    the newest verdict as it stood at the end of the week. For whom counts them and for whom lists them; both have
    `weeks`, `releases`, `required_checks` and `verifications` before it.
#}
{% macro checked_artifacts_of_weeks() %}
-- Until somebody verifies anything, what is not verified is unknown.
verifying_origins as (

    select
        is_simulated,
        min(checked_at) as first_checked_at
    from verifications
    group by is_simulated

),

-- What was released in the four weeks before: an older artifact has been replaced, or its checks are long stale.
released_artifacts as (

    select
        weeks.week_start_date,
        weeks.known_until_at,
        releases.artifact_digest,
        {{ is_simulated('releases.repository') }} as is_simulated,
        max(releases.released_at) as released_at,
        max(releases.repository) as repository
    from weeks
    inner join releases
        on
            releases.released_at < weeks.known_until_at
            and releases.released_at >= {{ moment_plus('weeks.known_until_at', -28, 'day') }}
    inner join verifying_origins
        on
            {{ is_simulated('releases.repository') }} = verifying_origins.is_simulated
            and verifying_origins.first_checked_at < weeks.known_until_at
    group by 1, 2, 3, 4

),

-- The same rule as for an artifact today (`int_artifact_checks`), as it stood at the end of each week.
checked_artifacts as (

    select
        released_artifacts.week_start_date,
        released_artifacts.is_simulated,
        released_artifacts.repository,
        released_artifacts.artifact_digest,
        released_artifacts.released_at,
        required_checks.check_name,
        required_checks.max_age_days,
        verifications.verdict,
        verifications.checked_at,
        verifications._event_id,
        coalesce(
            verifications.verdict = 'verified'
            and {{ dbt.datediff('verifications.checked_at', 'released_artifacts.known_until_at', 'second') }}
            <= required_checks.max_age_days * 86400,
            false
        ) as is_verified
    from released_artifacts
    cross join required_checks
    left join verifications
        on
            released_artifacts.artifact_digest = verifications.subject_digest
            and required_checks.check_name = verifications.check_name
            and verifications.checked_at < released_artifacts.known_until_at
    qualify row_number() over (
        partition by
            released_artifacts.week_start_date,
            released_artifacts.is_simulated,
            released_artifacts.artifact_digest,
            required_checks.check_name
        order by
            verifications.checked_at desc,
            case verifications.verdict when 'refuted' then 0 when 'undecided' then 1 else 2 end,
            verifications.verification_id
    ) = 1

)
{% endmacro %}
