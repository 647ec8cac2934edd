-- One row per deployment that pipeline runs name (provider, deployment_id), with what its last run says.
with pipeline_runs as (

    select * from {{ ref('int_pipeline_runs_current') }}
    where deployment_id is not null and environment is not null

),

-- A rollout may take several runs, and a run several attempts: it began with the first of them,
-- and went as the last one did.
named_deployments as (

    select
        provider,
        -- Unlike a provider's id, one that a run names is only sure to be unique in its repository.
        repository || '#' || deployment_id as deployment_id,
        deployment_id as named_deployment_id,
        repository,
        environment,
        environment = 'prod' as is_production,
        case when status = 'timed_out' then 'failed' else status end as status,
        image_digest as artifact_digest,
        commit_sha,
        strategy,
        min(started_at) over (partition by provider, repository, deployment_id) as started_at,
        ended_at as finished_at,
        'a run names it and the environment ' || environment as why_counted,
        actor_type,
        run_id,
        run_attempt,
        is_simulated,
        _load_id,
        _source_line,
        _event_id
    from pipeline_runs
    qualify row_number() over (
        partition by provider, repository, deployment_id
        order by pipeline_runs.started_at desc, run_id desc, run_attempt desc, _event_id desc
    ) = 1

)

select * from named_deployments
