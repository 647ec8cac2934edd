-- One row per repository × week (Monday to Sunday, UTC) with an attempt of a run: what re-runs for flaky tests cost.
with attempts as (

    select * from {{ ref('int_pipeline_runs_costed') }}

),

reruns as (

    select * from {{ ref('int_reruns_explained') }}

),

attempt_weeks as (

    select
        repository,
        {{ week_of('started_date') }} as week_start_date,
        count(*) as attempt_count,
        cast(sum(job_ms) as {{ dbt.type_bigint() }}) as job_ms
    from attempts
    group by 1, 2

),

rerun_weeks as (

    select
        repository,
        {{ week_of('started_date') }} as week_start_date,
        count(*) as rerun_count,
        count(case when reason = 'flaky' then 1 end) as flaky_rerun_count,
        count(case when reason = 'failing_tests' then 1 end) as failing_tests_rerun_count,
        count(case when reason = 'unexplained' then 1 end) as unexplained_rerun_count,
        count(case when reason = 'not_failed' then 1 end) as not_failed_rerun_count,
        count(case when reason = 'flaky' then job_ms end) as timed_flaky_rerun_count,
        cast(sum(case when reason = 'flaky' then job_ms end) as {{ dbt.type_bigint() }}) as flaky_rerun_ms,
        count(case when reason = 'flaky' then cost_usd end) as costed_flaky_rerun_count,
        sum(case when reason = 'flaky' then cost_usd end) as flaky_rerun_usd,
        count(case when reason = 'flaky' then carbon_g_co2e end) as carbon_flaky_rerun_count,
        sum(case when reason = 'flaky' then carbon_g_co2e end) as flaky_rerun_g_co2e
    from reruns
    group by 1, 2

),

weeks as (

    select
        attempt_weeks.repository,
        attempt_weeks.week_start_date,
        attempt_weeks.attempt_count,
        attempt_weeks.job_ms,
        coalesce(rerun_weeks.rerun_count, 0) as rerun_count,
        coalesce(rerun_weeks.flaky_rerun_count, 0) as flaky_rerun_count,
        coalesce(rerun_weeks.failing_tests_rerun_count, 0) as failing_tests_rerun_count,
        coalesce(rerun_weeks.unexplained_rerun_count, 0) as unexplained_rerun_count,
        coalesce(rerun_weeks.not_failed_rerun_count, 0) as not_failed_rerun_count,
        coalesce(rerun_weeks.timed_flaky_rerun_count, 0) as timed_flaky_rerun_count,
        coalesce(rerun_weeks.costed_flaky_rerun_count, 0) as costed_flaky_rerun_count,
        coalesce(rerun_weeks.carbon_flaky_rerun_count, 0) as carbon_flaky_rerun_count,
        -- No re-run for flaky tests costs nothing; one of which the cost is not known costs an unknown amount.
        case
            when coalesce(rerun_weeks.flaky_rerun_count, 0) = 0 then 0 else rerun_weeks.flaky_rerun_ms
        end as flaky_rerun_ms,
        case
            when coalesce(rerun_weeks.flaky_rerun_count, 0) = 0 then 0 else rerun_weeks.flaky_rerun_usd
        end as flaky_rerun_usd,
        case
            when coalesce(rerun_weeks.flaky_rerun_count, 0) = 0 then 0 else rerun_weeks.flaky_rerun_g_co2e
        end as flaky_rerun_g_co2e
    from attempt_weeks
    left join rerun_weeks
        on
            attempt_weeks.repository = rerun_weeks.repository
            and attempt_weeks.week_start_date = rerun_weeks.week_start_date

)

select
    repository,
    week_start_date,
    attempt_count,
    rerun_count,
    flaky_rerun_count,
    failing_tests_rerun_count,
    unexplained_rerun_count,
    not_failed_rerun_count,
    timed_flaky_rerun_count,
    flaky_rerun_ms,
    job_ms,
    {{ safe_ratio('flaky_rerun_ms', 'job_ms') }} as flake_tax_ratio,
    costed_flaky_rerun_count,
    flaky_rerun_usd,
    carbon_flaky_rerun_count,
    flaky_rerun_g_co2e,
    {{ is_simulated('repository') }} as is_simulated
from weeks
