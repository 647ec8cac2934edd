-- One row per metric of efficiency and of error budgets, week and origin in which something was counted.
with cost_weeks as (

    select
        {{ week_of('started_date') }} as week_start_date,
        is_simulated,
        sum(cost_usd) as cost_usd,
        sum(costed_succeeded_run_count) as costed_succeeded_run_count,
        sum(carbon_g_co2e) as carbon_g_co2e,
        sum(carbon_run_count) as carbon_run_count,
        sum(waste_ms) as waste_ms,
        sum(job_ms) as job_ms,
        sum(run_count) as run_count,
        max(cast(started_date as timestamp)) as measured_at
    from {{ ref('cost_and_carbon') }}
    group by 1, 2

),

forecast_weeks as (

    select
        {{ week_of('began_date') }} as week_start_date,
        is_simulated,
        sum(forecast_error_sum) as forecast_error_sum,
        sum(judged_execution_count) as judged_execution_count,
        max(cast(began_date as timestamp)) as measured_at
    from {{ ref('job_duration_forecast_by_day') }}
    group by 1, 2

),

-- A week without a re-run for flaky tests has no tax; one of which no job is timed has an unknown one.
flake_weeks as (

    select
        week_start_date,
        is_simulated,
        sum(case when job_ms is not null then flaky_rerun_ms end) as flaky_rerun_ms,
        sum(case when flaky_rerun_ms is not null then job_ms end) as job_ms,
        sum(attempt_count) as attempt_count,
        max(cast(week_start_date as timestamp)) as measured_at
    from {{ ref('flake_tax') }}
    group by 1, 2

),

-- A budget has one state a week, that at its end: of its days, the last.
budgets as (

    select
        {{ week_of('evaluated_date') }} as week_start_date,
        is_simulated,
        budget_status,
        evaluated_at
    from {{ ref('error_budgets') }}
    qualify row_number() over (
        partition by repository, sli, {{ week_of('evaluated_date') }}
        order by evaluated_date desc
    ) = 1

),

budget_weeks as (

    select
        week_start_date,
        is_simulated,
        count(case when budget_status = 'within' then 1 end) as kept_budget_count,
        count(case when budget_status in ('within', 'spent') then 1 end) as known_budget_count,
        max(evaluated_at) as measured_at
    from budgets
    group by 1, 2

),

metric_weeks as (

    select
        'cost_per_successful_run' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('cost_usd', 'costed_succeeded_run_count') }} as metric_value,
        cost_usd as numerator,
        costed_succeeded_run_count as denominator,
        costed_succeeded_run_count as sample_count,
        measured_at
    from cost_weeks
    union all
    select
        'carbon_per_run' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('carbon_g_co2e', 'carbon_run_count') }} as metric_value,
        carbon_g_co2e as numerator,
        carbon_run_count as denominator,
        carbon_run_count as sample_count,
        measured_at
    from cost_weeks
    union all
    select
        'waste_ratio' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('waste_ms', 'job_ms') }} as metric_value,
        waste_ms as numerator,
        job_ms as denominator,
        run_count as sample_count,
        measured_at
    from cost_weeks
    union all
    select
        'forecast_error' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('forecast_error_sum', 'judged_execution_count') }} as metric_value,
        forecast_error_sum as numerator,
        judged_execution_count as denominator,
        judged_execution_count as sample_count,
        measured_at
    from forecast_weeks
    union all
    select
        'flake_tax_ratio' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('flaky_rerun_ms', 'job_ms') }} as metric_value,
        flaky_rerun_ms as numerator,
        job_ms as denominator,
        attempt_count as sample_count,
        measured_at
    from flake_weeks
    union all
    select
        'budgets_kept_ratio' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('kept_budget_count', 'known_budget_count') }} as metric_value,
        kept_budget_count as numerator,
        known_budget_count as denominator,
        known_budget_count as sample_count,
        measured_at
    from budget_weeks

)

select * from metric_weeks
