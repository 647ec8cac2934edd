-- One row per decision about a canary, by whoever reported it.
with canary_decisions as (

    select * from {{ ref('int_canary_decisions_current') }}

),

run_decisions as (

    select * from {{ ref('int_pipeline_runs_joined') }}
    where canary_decision is not null

),

-- The decisions that are events of their own say more than what a run repeats of them.
runs_with_decisions as (

    select distinct
        coalesce(provider, 'hub') as provider,
        repository,
        run_id,
        coalesce(run_attempt, 1) as run_attempt
    from canary_decisions
    where repository is not null and run_id is not null

),

deployments_with_decisions as (

    select distinct
        repository,
        deployment_id
    from canary_decisions
    where repository is not null

),

lone_run_decisions as (

    select run_decisions.*
    from run_decisions
    left join runs_with_decisions
        on
            run_decisions.provider = runs_with_decisions.provider
            and run_decisions.repository = runs_with_decisions.repository
            and run_decisions.run_id = runs_with_decisions.run_id
            and run_decisions.run_attempt = runs_with_decisions.run_attempt
    left join deployments_with_decisions
        on
            run_decisions.repository = deployments_with_decisions.repository
            and run_decisions.deployment_id = deployments_with_decisions.deployment_id
    where
        runs_with_decisions.run_id is null
        and deployments_with_decisions.deployment_id is null

),

reported as (

    select
        _event_id as canary_decision_id,
        'canary' as reported_by,
        provider,
        repository,
        run_id,
        run_attempt,
        -- The default of the contract means that the sender named none.
        nullif(deployment_provider, 'hub') as deployment_provider,
        deployment_id,
        environment,
        subject_digest,
        rollout_step,
        decision,
        reason,
        window_started_at,
        window_ended_at,
        baseline_error_rate,
        canary_error_rate,
        recorded_at,
        is_simulated,
        _event_id
    from canary_decisions
    union all
    select
        _event_id || '#canary' as canary_decision_id,
        'pipeline' as reported_by,
        provider,
        repository,
        run_id,
        run_attempt,
        cast(null as {{ dbt.type_string() }}) as deployment_provider,
        deployment_id,
        nullif(environment, '(none)') as environment,
        image_digest as subject_digest,
        rollout_step,
        canary_decision as decision,
        canary_notes as reason,
        canary_window_started_at as window_started_at,
        canary_window_ended_at as window_ended_at,
        cast(null as {{ type_double() }}) as baseline_error_rate,
        canary_error_rate,
        canary_recorded_at as recorded_at,
        is_simulated,
        _event_id
    from lone_run_decisions

)

select * from reported
