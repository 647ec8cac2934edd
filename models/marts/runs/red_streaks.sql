-- One row per streak of failing runs of a workflow on the default branch (repository, workflow, environment, streak).
with runs as (

    select * from {{ ref('pipeline_runs') }}

),

concluded_runs as (

    select
        repository,
        workflow,
        environment,
        provider,
        run_id,
        started_date,
        coalesce(ended_at, started_at) as concluded_at,
        run_status = 'success' as is_green
    from runs
    where
        is_final_attempt
        and is_default_branch
        and run_status in ('success', 'failed', 'timed_out')

),

-- All failures between two successes have seen as many successes: that number names their streak.
numbered_runs as (

    select
        *,
        count(case when is_green then 1 end) over (
            partition by repository, workflow, environment
            order by concluded_at, provider, run_id
            rows between unbounded preceding and current row
        ) as success_count
    from concluded_runs

),

red_streaks as (

    select
        repository,
        workflow,
        environment,
        success_count,
        count(*) as run_count,
        min(concluded_at) as red_at,
        min(started_date) as red_date
    from numbered_runs
    where not is_green
    group by repository, workflow, environment, success_count

),

streaks_with_end as (

    select
        red_streaks.repository,
        red_streaks.workflow,
        red_streaks.environment,
        red_streaks.success_count + 1 as streak,
        red_streaks.run_count,
        red_streaks.red_at,
        red_streaks.red_date,
        greens.concluded_at as green_at,
        greens.started_date as green_date,
        greens.concluded_at is null as is_open,
        {{ dbt.datediff('red_streaks.red_at', 'greens.concluded_at', 'millisecond') }} as time_to_green_ms,
        {{ is_simulated('red_streaks.repository') }} as is_simulated
    from red_streaks
    left join numbered_runs as greens
        on
            red_streaks.repository = greens.repository
            and red_streaks.workflow = greens.workflow
            and red_streaks.environment = greens.environment
            and red_streaks.success_count + 1 = greens.success_count
            and greens.is_green

)

select * from streaks_with_end
