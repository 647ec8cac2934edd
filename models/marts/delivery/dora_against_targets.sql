-- One row per repository and week: the DORA metrics beside their targets, with the team and the colour of each.
with dora as (

    select * from {{ ref('dora') }}

),

deployment_trust as (

    select * from {{ ref('deployment_trust') }}

),

repositories as (

    select * from {{ ref('repositories') }}
    where is_in_force

),

targets as (

    select
        {{ targets_of({
            'deployment_frequency': 'deployment_frequency',
            'change_lead_time': 'change_lead_time',
            'change_failure': 'change_failure_ratio',
            'recovery_time': 'recovery_time'
        }) }}
    from {{ ref('int_targets') }}

),

repository_weeks as (

    select
        dora.repository,
        dora.week_start_date,
        dora.is_complete,
        {{ dbt.datediff('dora.week_start_date', week_of(as_of()), 'week') }} as weeks_ago,
        coalesce(repositories.team, 'unregistered') as team,
        coalesce(cast(repositories.tier as {{ dbt.type_string() }}), '(none)') as tier,
        dora.active_day_count,
        dora.deployment_count,
        dora.deployment_frequency,
        targets.deployment_frequency_target,
        {{ status_against('dora.deployment_frequency', 'deployment_frequency', 'higher', 'dora.active_day_count') }}
            as deployment_frequency_status,
        coalesce(deployment_trust.verified_deployment_count, 0) as verified_deployment_count,
        coalesce(deployment_trust.unverified_deployment_count, 0) as unverified_deployment_count,
        dora.failed_deployment_count,
        dora.change_failure_ratio,
        targets.change_failure_target,
        {{ status_against('dora.change_failure_ratio', 'change_failure', 'lower', 'dora.deployment_count') }}
            as change_failure_status,
        dora.measured_commit_count,
        dora.change_lead_time_p50_ms,
        targets.change_lead_time_target as change_lead_time_target_ms,
        {{ status_against('dora.change_lead_time_p50_ms', 'change_lead_time', 'lower', 'dora.measured_commit_count') }}
            as change_lead_time_status,
        dora.recovery_measured_count,
        dora.unrestored_deployment_count,
        dora.recovery_time_p50_ms,
        targets.recovery_time_target as recovery_time_target_ms,
        {{ status_against('dora.recovery_time_p50_ms', 'recovery_time', 'lower', 'dora.recovery_measured_count') }}
            as recovery_time_status,
        dora.rework_deployment_count,
        dora.rework_ratio,
        dora.is_simulated
    from dora
    cross join targets
    left join deployment_trust
        on
            dora.repository = deployment_trust.repository
            and dora.week_start_date = deployment_trust.week_start_date
    left join repositories on dora.repository = repositories.repository

)

select * from repository_weeks
