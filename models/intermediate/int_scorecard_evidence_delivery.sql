-- One row per metric of delivery, week and deployment, commit or active repository behind it, of the last four complete weeks.
with event_ids as (

    select
        deployment_key,
        _event_id
    from {{ ref('int_deployments_deduplicated') }}

),

deployments as (

    select
        deployments.*,
        {{ week_of('deployments.deployed_at') }} as week_start_date,
        event_ids.deployment_key,
        event_ids._event_id,
        coalesce(deployments.service, '(none)') || ' to ' || deployments.environment || ', deployment '
        || deployments.deployment_id as deployment_name,
        case deployments.counting
            when 'not_live' then 'It did not reach users.'
            when 'repeat' then 'It brought what was live already: counted once, as another deployment.'
        end as why_not_counted
    from {{ ref('deployments') }} as deployments
    inner join event_ids
        on deployments.provider || ':' || deployments.deployment_id = event_ids.deployment_key
    where
        deployments.is_production
        and cast(deployments.deployed_at as date) >= {{ evidence_since() }}
        and deployments.deployed_at <= {{ as_of() }}

),

first_deployments as (

    select
        is_simulated,
        min({{ week_of('deployed_at') }}) as first_week_date
    from {{ ref('deployments') }}
    where deployed_at <= {{ as_of() }}
    group by is_simulated

),

-- Frequency says something only of those who deploy at all: a week counts once a deployment was ever seen.
repository_weeks as (

    select repository_weeks.*
    from {{ ref('dora') }} as repository_weeks
    inner join first_deployments
        on
            repository_weeks.is_simulated = first_deployments.is_simulated
            and repository_weeks.week_start_date >= first_deployments.first_week_date
    where repository_weeks.week_start_date >= {{ evidence_since() }}

),

failed_deployments as (

    select * from deployments
    where is_failed

),

proven_deployments as (

    select
        provenance.repository,
        provenance.is_simulated,
        provenance.deployed_at,
        provenance.provenance_verdict,
        provenance.provenance_undecided_reason,
        deployments.week_start_date,
        deployments.deployment_key,
        deployments.deployment_name,
        deployments._event_id
    from {{ ref('int_deployments_with_provenance') }} as provenance
    inner join deployments
        on
            provenance.provider = deployments.provider
            and provenance.deployment_id = deployments.deployment_id

),

shipped_commits as (

    select
        shipped_commits.*,
        {{ is_simulated('shipped_commits.repository') }} as is_simulated,
        event_ids._event_id
    from {{ ref('int_deployment_commits_shipped') }} as shipped_commits
    inner join event_ids on shipped_commits.deployment_key = event_ids.deployment_key
    where
        cast(shipped_commits.deployed_at as date) >= {{ evidence_since() }}
        and shipped_commits.deployed_at <= {{ as_of() }}

),

evidence as (

    {{ evidence_of(
        'deployment_frequency', 'deployments', 'deployment', 'week_start_date', 'deployment_key', 'deployment_name',
        'deployed_at',
        is_excluded='not is_counted',
        numerator='1',
        denominator='0',
        why="coalesce(why_not_counted, 'It reached users.')"
    ) }}
    union all
    {{ evidence_of(
        'deployment_frequency', 'repository_weeks', 'repository_week', 'week_start_date', 'repository', 'repository',
        'cast(week_start_date as timestamp)',
        is_excluded='active_day_count = 0',
        numerator='0',
        denominator='active_day_count',
        is_aggregate='true',
        event_id='null',
        why="case when active_day_count = 0 then 'It was archived.'
            else 'Days of the week on which it was active, from the first that is known of it on.' end"
    ) }}
    union all
    {{ evidence_of(
        'change_failure_ratio', 'deployments', 'deployment', 'week_start_date', 'deployment_key', 'deployment_name',
        'deployed_at',
        is_excluded='not is_counted',
        numerator=one_if('is_failed'),
        denominator='1',
        why="case when not is_counted then why_not_counted when is_failed then 'It failed: incidents '
            || " ~ whole('incident_count') ~ " || ', rollbacks ' || " ~ whole('rollback_count') ~ "
            || ', hotfixes ' || " ~ whole('hotfix_count') ~ " || '.' else 'No sign of failure.' end"
    ) }}
    union all
    {{ evidence_of(
        'rework_ratio', 'deployments', 'deployment', 'week_start_date', 'deployment_key', 'deployment_name',
        'deployed_at',
        is_excluded='not is_counted',
        numerator=one_if('is_rework'),
        denominator='1',
        why="case when not is_counted then why_not_counted when is_rework then 'It was not planned.' else 'It was planned.' end"
    ) }}
    union all
    {{ evidence_of(
        'verified_deployment_ratio', 'proven_deployments', 'deployment', 'week_start_date', 'deployment_key',
        'deployment_name', 'deployed_at',
        numerator=one_if("provenance_verdict = 'verified'"),
        denominator='1',
        why="'Provenance when it started: ' || provenance_verdict
            || coalesce(' (' || provenance_undecided_reason || ')', '') || '.'"
    ) }}
    union all
    {{ evidence_of(
        'recovery_time', 'failed_deployments', 'deployment', 'week_start_date', 'deployment_key', 'deployment_name',
        'deployed_at',
        is_excluded='recovery_time_ms is null',
        value='recovery_time_ms',
        sample='1',
        why="case when is_unrestored then 'Service is not restored yet.'
            when recovery_time_ms is null then 'When it was finished or restored is not known.'
            else 'It failed, and service was restored.' end"
    ) }}
    union all
    {{ evidence_of(
        'change_lead_time', 'shipped_commits', 'commit', week_of('deployed_at'),
        "deployment_key || ' ' || commit_sha",
        "'commit ' || substr(commit_sha, 1, 12) || ' in deployment ' || deployment_key",
        'deployed_at',
        is_excluded='lead_time_ms is null',
        value='lead_time_ms',
        sample='1',
        why="case unmeasured_reason
            when 'no_predecessor' then 'The first deployment ships the whole history: its age is no lead time.'
            when 'no_commit_time' then 'When it was committed is not known.'
            when 'no_finish_time' then 'When the deployment ended is not known.'
            when 'negative' then 'It says that it was committed after it was deployed.'
            else 'From the commit to the end of its first deployment to production.' end"
    ) }}

)

select * from evidence
