-- One row per repository and week, over the 28 days that end with its Sunday (with today in the week in progress).
with repository_days as (

    select * from {{ ref('dora_by_day') }}

),

mutation_days as (

    select * from {{ ref('mutation_effectiveness') }}
    where mutation_run_id is not null and scope <> 'diff' and valid_mutant_count > 0

),

repository_weeks as (

    select
        *,
        {{ week_of('calendar_date') }} as week_start_date
    from repository_days
    qualify row_number() over (
        partition by repository, {{ week_of('calendar_date') }}
        order by calendar_date desc
    ) = 1

),

-- Each target counts with its newest full report: adding up reports would count the same mutants again.
newest_target_reports as (

    select
        repository_weeks.repository,
        repository_weeks.week_start_date,
        mutation_days.target,
        mutation_days.detected_mutant_count,
        mutation_days.valid_mutant_count
    from repository_weeks
    inner join mutation_days
        on
            repository_weeks.repository = mutation_days.repository
            and mutation_days.generated_date between repository_weeks.window_start_date and repository_weeks.calendar_date
    where mutation_days.generated_at <= {{ as_of() }}
    qualify row_number() over (
        partition by repository_weeks.repository, repository_weeks.week_start_date, mutation_days.target
        order by mutation_days.generated_at desc, mutation_days.scope
    ) = 1

),

mutation_windows as (

    select
        repository,
        week_start_date,
        count(*) as target_count,
        cast(sum(detected_mutant_count) as {{ dbt.type_bigint() }}) as detected_mutant_count,
        cast(sum(valid_mutant_count) as {{ dbt.type_bigint() }}) as valid_mutant_count
    from newest_target_reports
    group by repository, week_start_date

),

repository_week_counts as (

    select
        repository_weeks.repository,
        repository_weeks.week_start_date,
        repository_weeks.window_start_date,
        repository_weeks.calendar_date as window_end_date,
        {{ date_plus('repository_weeks.week_start_date', 7) }} <= cast({{ as_of() }} as date) as is_complete,
        repository_weeks.has_whole_window,
        coalesce(mutation_windows.target_count, 0) as target_count,
        coalesce(mutation_windows.detected_mutant_count, 0) as detected_mutant_count,
        coalesce(mutation_windows.valid_mutant_count, 0) as valid_mutant_count,
        repository_weeks.deployment_count,
        repository_weeks.failed_deployment_count,
        repository_weeks.is_simulated
    from repository_weeks
    left join mutation_windows
        on
            repository_weeks.repository = mutation_windows.repository
            and repository_weeks.week_start_date = mutation_windows.week_start_date

),

repository_week_metrics as (

    select
        repository,
        week_start_date,
        window_start_date,
        window_end_date,
        is_complete,
        has_whole_window,
        target_count,
        detected_mutant_count,
        valid_mutant_count,
        {{ safe_ratio('detected_mutant_count', 'valid_mutant_count') }} as mutation_score_ratio,
        deployment_count,
        failed_deployment_count,
        {{ safe_ratio('failed_deployment_count', 'deployment_count') }} as change_failure_ratio,
        valid_mutant_count > 0 and deployment_count > 0 as is_comparable,
        is_simulated
    from repository_week_counts

)

select * from repository_week_metrics
