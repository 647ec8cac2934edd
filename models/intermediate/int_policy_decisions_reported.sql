-- One row per rule of a policy decided on one subject, by whoever reported it.
with policy_decisions as (

    select * from {{ ref('int_policy_decisions_current') }}

),

pipeline_run_policies as (

    select * from {{ ref('int_pipeline_run_policies_current') }}

),

pipeline_runs as (

    select * from {{ ref('int_pipeline_runs_current') }}

),

-- The decisions that an engine reports itself say more than what a run repeats of them.
runs_with_decisions as (

    select distinct
        coalesce(provider, 'hub') as provider,
        repository,
        run_id,
        coalesce(run_attempt, 1) as run_attempt
    from policy_decisions
    where repository is not null and run_id is not null

),

-- An engine that does not know the run may still have said which deployment waited for it.
deployments_with_decisions as (

    select distinct
        repository,
        deployment_id,
        policy_id
    from policy_decisions
    where repository is not null and deployment_id is not null

),

run_decisions as (

    select
        pipeline_run_policies.*,
        pipeline_runs.deployment_id,
        pipeline_runs.environment,
        pipeline_runs.image_digest
    from pipeline_run_policies
    inner join pipeline_runs on pipeline_run_policies._event_id = pipeline_runs._event_id
    left join runs_with_decisions
        on
            pipeline_run_policies.provider = runs_with_decisions.provider
            and pipeline_run_policies.repository = runs_with_decisions.repository
            and pipeline_run_policies.run_id = runs_with_decisions.run_id
            and pipeline_run_policies.run_attempt = runs_with_decisions.run_attempt
    left join deployments_with_decisions
        on
            pipeline_runs.repository = deployments_with_decisions.repository
            and pipeline_runs.deployment_id = deployments_with_decisions.deployment_id
            and pipeline_run_policies.policy_id = deployments_with_decisions.policy_id
    where
        runs_with_decisions.run_id is null
        and deployments_with_decisions.deployment_id is null

),

reported as (

    select
        policy_decision_id,
        'engine' as reported_by,
        provider,
        repository,
        run_id,
        run_attempt,
        policy_id,
        rule,
        engine,
        mode,
        decision,
        subject,
        subject_digest,
        environment,
        deployment_id,
        reason,
        docs_uri,
        duration_ns,
        decided_at,
        is_simulated,
        _event_id
    from policy_decisions
    union all
    select
        concat(_event_id, '#', cast(ordinal as {{ dbt.type_string() }})) as policy_decision_id,
        'pipeline' as reported_by,
        provider,
        repository,
        run_id,
        run_attempt,
        policy_id,
        cast(null as {{ dbt.type_string() }}) as rule,
        cast(null as {{ dbt.type_string() }}) as engine,
        cast(null as {{ dbt.type_string() }}) as mode,
        decision,
        cast(null as {{ dbt.type_string() }}) as subject,
        image_digest as subject_digest,
        environment,
        deployment_id,
        reason,
        docs_uri,
        duration_ns,
        -- A run lists its decisions without their times: they were made in it.
        started_at as decided_at,
        {{ is_simulated('repository') }} as is_simulated,
        _event_id
    from run_decisions

)

select * from reported
