-- One row per execution of a chaos experiment.
{{ config(partition_by=partitioned_by('started_date')) }}

with chaos_experiments as (

    select * from {{ ref('int_chaos_experiments_reported') }}

),

experiment_activities as (

    select
        chaos_experiment_id,
        count(case when activity_kind = 'action' then 1 end) as action_count,
        count(case when activity_kind = 'action' and status <> 'succeeded' then 1 end) as failed_action_count,
        count(case when activity_kind = 'probe' then 1 end) as probe_count
    from {{ ref('int_chaos_activities_current') }}
    group by chaos_experiment_id

),

counted as (

    select
        chaos_experiment_id,
        not is_dry_run and outcome in ('recovered', 'degraded', 'failed') as is_counted
    from chaos_experiments

),

judged as (

    select
        chaos_experiments.chaos_experiment_id,
        chaos_experiments.reported_by,
        chaos_experiments.repository,
        chaos_experiments.provider,
        chaos_experiments.run_id,
        chaos_experiments.run_attempt,
        chaos_experiments.commit_sha,
        chaos_experiments.job,
        chaos_experiments.experiment,
        chaos_experiments.fault,
        chaos_experiments.target,
        chaos_experiments.environment,
        chaos_experiments.outcome,
        chaos_experiments.reason,
        counted.is_counted,
        case
            when chaos_experiments.is_dry_run then 'dry run'
            when not counted.is_counted then chaos_experiments.outcome
        end as why_not_counted,
        {{ one_if('counted.is_counted') }} as counted_experiment_count,
        {{ one_if("counted.is_counted and chaos_experiments.outcome = 'recovered'") }} as recovered_experiment_count,
        chaos_experiments.is_dry_run,
        chaos_experiments.is_deviated,
        chaos_experiments.is_steady_before,
        chaos_experiments.is_steady_after,
        chaos_experiments.is_rollback_ok,
        chaos_experiments.seed,
        chaos_experiments.rate_ratio,
        chaos_experiments.retry_count,
        experiment_activities.action_count,
        experiment_activities.failed_action_count,
        experiment_activities.probe_count,
        chaos_experiments.started_at,
        chaos_experiments.ended_at,
        {{ dbt.datediff('chaos_experiments.started_at', 'chaos_experiments.ended_at', 'millisecond') }} as duration_ms,
        cast(chaos_experiments.started_at as date) as started_date,
        {{ week_of('chaos_experiments.started_at') }} as week_start_date,
        chaos_experiments.tool,
        chaos_experiments.tool_version,
        {{ team_and_tier('chaos_experiments') }},
        chaos_experiments.is_simulated,
        chaos_experiments._event_id
    from chaos_experiments
    inner join counted on chaos_experiments.chaos_experiment_id = counted.chaos_experiment_id
    left join experiment_activities
        on chaos_experiments.chaos_experiment_id = experiment_activities.chaos_experiment_id
    {{ join_catalogue_entry('chaos_experiments', 'started_at') }}

)

select * from judged
