-- One row per execution of a chaos experiment (chaos_experiment_id), by whoever reported it.
with chaos_experiments as (

    select * from {{ ref('int_chaos_experiments_current') }}

),

pipeline_run_chaos as (

    select * from {{ ref('int_pipeline_run_chaos_current') }}

),

-- The events of the experiments themselves say more than what a run repeats of them.
runs_with_experiments as (

    select distinct
        coalesce(provider, 'hub') as provider,
        repository,
        run_id,
        coalesce(run_attempt, 1) as run_attempt
    from chaos_experiments
    where repository is not null and run_id is not null

),

run_experiments as (

    select pipeline_run_chaos.*
    from pipeline_run_chaos
    left join runs_with_experiments
        on
            pipeline_run_chaos.provider = runs_with_experiments.provider
            and pipeline_run_chaos.repository = runs_with_experiments.repository
            and pipeline_run_chaos.run_id = runs_with_experiments.run_id
            and pipeline_run_chaos.run_attempt = runs_with_experiments.run_attempt
    where runs_with_experiments.run_id is null

),

reported as (

    select
        chaos_experiment_id,
        'experiment' as reported_by,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        experiment,
        fault,
        target,
        environment,
        outcome,
        reason,
        is_deviated,
        is_steady_before,
        is_steady_after,
        is_dry_run,
        is_rollback_ok,
        seed,
        rate_ratio,
        retry_count,
        started_at,
        ended_at,
        tool,
        tool_version,
        is_simulated,
        _event_id
    from chaos_experiments
    union all
    select
        _event_id || '#' || cast(ordinal as {{ dbt.type_string() }}) as chaos_experiment_id,
        'pipeline' as reported_by,
        provider,
        repository,
        run_id,
        run_attempt,
        cast(null as {{ dbt.type_string() }}) as commit_sha,
        cast(null as {{ dbt.type_string() }}) as job,
        fault as experiment,
        fault,
        target,
        cast(null as {{ dbt.type_string() }}) as environment,
        outcome,
        cast(null as {{ dbt.type_string() }}) as reason,
        cast(null as {{ dbt.type_boolean() }}) as is_deviated,
        cast(null as {{ dbt.type_boolean() }}) as is_steady_before,
        cast(null as {{ dbt.type_boolean() }}) as is_steady_after,
        false as is_dry_run,
        cast(null as {{ dbt.type_boolean() }}) as is_rollback_ok,
        seed,
        rate_ratio,
        retry_count,
        -- A run may list its experiments without their times: then they took place in it.
        coalesce(experiment_started_at, started_at) as started_at,
        experiment_ended_at as ended_at,
        cast(null as {{ dbt.type_string() }}) as tool,
        cast(null as {{ dbt.type_string() }}) as tool_version,
        {{ is_simulated('repository') }} as is_simulated,
        _event_id
    from run_experiments

)

select * from reported
