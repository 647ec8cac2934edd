-- One row per repository and week: how its runs did, beside their targets, with the team and the colour of each.
with run_health as (

    select * from {{ ref('run_health') }}

),

pipeline_runs as (

    select * from {{ ref('pipeline_runs') }}
    where is_final_attempt and run_status not in ('canceled', 'skipped') and duration_ms is not null

),

repositories as (

    select * from {{ ref('repositories') }}
    where is_in_force

),

targets as (

    select {{ targets_of({'success': 'success_ratio', 'first_pass': 'first_pass_ratio'}) }}
    from {{ ref('int_targets') }}

),

counted_weeks as (

    select
        repository,
        {{ week_of('started_date') }} as week_start_date,
        sum(run_count) as run_count,
        sum(concluded_run_count) as concluded_run_count,
        sum(succeeded_run_count) as succeeded_run_count,
        sum(failed_run_count) as failed_run_count,
        sum(timed_out_run_count) as timed_out_run_count,
        sum(canceled_run_count) as canceled_run_count,
        sum(first_attempt_run_count) as first_attempt_run_count,
        sum(first_pass_run_count) as first_pass_run_count,
        sum(recovered_run_count) as recovered_run_count,
        sum(waste_ms) as waste_ms
    from run_health
    where repository is not null
    group by repository, {{ week_of('started_date') }}

),

timed_weeks as (

    select
        repository,
        {{ week_of('started_date') }} as week_start_date,
        {{ percentile('duration_ms', 0.5) }} as duration_p50_ms,
        {{ percentile('duration_ms', 0.95) }} as duration_p95_ms
    from pipeline_runs
    group by repository, {{ week_of('started_date') }}

),

divided_weeks as (

    select
        *,
        {{ safe_ratio('succeeded_run_count', 'concluded_run_count') }} as success_ratio,
        {{ safe_ratio('first_pass_run_count', 'first_attempt_run_count') }} as first_pass_ratio
    from counted_weeks

),

repository_weeks as (

    select
        divided_weeks.repository,
        divided_weeks.week_start_date,
        {{ dbt.datediff('divided_weeks.week_start_date', week_of(as_of()), 'week') }} as weeks_ago,
        coalesce(repositories.team, 'unregistered') as team,
        coalesce(cast(repositories.tier as {{ dbt.type_string() }}), '(none)') as tier,
        cast(divided_weeks.run_count as {{ dbt.type_bigint() }}) as run_count,
        cast(divided_weeks.concluded_run_count as {{ dbt.type_bigint() }}) as concluded_run_count,
        cast(divided_weeks.succeeded_run_count as {{ dbt.type_bigint() }}) as succeeded_run_count,
        divided_weeks.success_ratio,
        targets.success_target,
        {{ status_against('divided_weeks.success_ratio', 'success', 'higher', 'divided_weeks.concluded_run_count') }}
            as success_status,
        cast(divided_weeks.failed_run_count as {{ dbt.type_bigint() }}) as failed_run_count,
        cast(divided_weeks.timed_out_run_count as {{ dbt.type_bigint() }}) as timed_out_run_count,
        cast(divided_weeks.canceled_run_count as {{ dbt.type_bigint() }}) as canceled_run_count,
        cast(divided_weeks.first_attempt_run_count as {{ dbt.type_bigint() }}) as first_attempt_run_count,
        cast(divided_weeks.first_pass_run_count as {{ dbt.type_bigint() }}) as first_pass_run_count,
        divided_weeks.first_pass_ratio,
        targets.first_pass_target,
        {{ status_against(
            'divided_weeks.first_pass_ratio', 'first_pass', 'higher', 'divided_weeks.first_attempt_run_count'
        ) }} as first_pass_status,
        cast(divided_weeks.recovered_run_count as {{ dbt.type_bigint() }}) as recovered_run_count,
        cast(divided_weeks.waste_ms as {{ dbt.type_bigint() }}) as waste_ms,
        timed_weeks.duration_p50_ms,
        timed_weeks.duration_p95_ms,
        {{ is_simulated('divided_weeks.repository') }} as is_simulated
    from divided_weeks
    cross join targets
    left join timed_weeks
        on
            divided_weeks.repository = timed_weeks.repository
            and divided_weeks.week_start_date = timed_weeks.week_start_date
    left join repositories on divided_weeks.repository = repositories.repository

)

select
    *,
    weeks_ago > 0 as is_complete
from repository_weeks
