-- One row per run or deployment that an error budget counts (repository, sli, service_event_id), good or bad.
with runs as (

    select * from {{ ref('pipeline_runs') }}

),

deployments as (

    select * from {{ ref('deployments') }}

),

service_events as (

    select
        repository,
        'success_ratio' as sli,
        provider || ':' || run_id as service_event_id,
        coalesce(ended_at, started_at) as happened_at,
        run_status = 'success' as is_good
    from runs
    where
        is_final_attempt
        and is_default_branch
        and run_status in ('success', 'failed', 'timed_out')
    union all
    select
        repository,
        'deployment_success_ratio' as sli,
        provider || ':' || deployment_id as service_event_id,
        deployed_at as happened_at,
        not is_failed as is_good
    from deployments
    where is_counted

)

select * from service_events
where happened_at <= {{ as_of() }}
