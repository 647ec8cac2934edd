-- One row per metric of efficiency and budgets, week and run, attempt, execution or budget behind it (last four complete weeks).
with attempts as (

    select * from {{ ref('int_pipeline_runs_costed') }}

),

event_ids as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        _event_id
    from {{ ref('pipeline_runs') }}

),

-- At run grain, as in `cost_and_carbon`: what a run cost is known only if that of each of its attempts is.
run_sums as (

    select
        provider,
        repository,
        run_id,
        is_simulated,
        max(case when is_final_attempt then run_attempt end) as run_attempt,
        max(case when is_final_attempt then workflow end) as workflow,
        max(case when is_final_attempt then started_date end) as started_date,
        max(case when is_final_attempt then started_at end) as started_at,
        max(case when is_final_attempt then run_status end) as run_status,
        count(*) as attempt_count,
        count(job_ms) as timed_attempt_count,
        sum(job_ms) as job_ms,
        coalesce(sum(case when not is_final_attempt then job_ms end), 0) as superseded_job_ms,
        count(*) = count(cost_usd) as has_cost,
        sum(cost_usd) as cost_usd,
        count(*) = count(carbon_g_co2e) as has_carbon,
        sum(carbon_g_co2e) as carbon_g_co2e
    from attempts
    group by provider, repository, run_id, is_simulated

),

runs as (

    select
        run_sums.*,
        event_ids._event_id,
        run_sums.provider || ' ' || run_sums.repository || ' ' || run_sums.run_id as run_key,
        run_sums.workflow || ', run ' || run_sums.run_id || ', ' || {{ whole('run_sums.attempt_count') }}
        || case when run_sums.attempt_count = 1 then ' attempt' else ' attempts' end as run_name
    from run_sums
    inner join event_ids
        on
            run_sums.provider = event_ids.provider
            and run_sums.repository = event_ids.repository
            and run_sums.run_id = event_ids.run_id
            and run_sums.run_attempt = event_ids.run_attempt
    where run_sums.started_date >= {{ evidence_since() }}

),

reruns as (

    select * from {{ ref('int_reruns_explained') }}

),

flake_weeks as (

    select
        repository,
        week_start_date,
        flaky_rerun_ms is not null and job_ms is not null as has_tax
    from {{ ref('flake_tax') }}

),

week_attempts as (

    select
        attempts.provider || ' ' || attempts.repository || ' ' || attempts.run_id || ' '
        || cast(attempts.run_attempt as {{ dbt.type_string() }}) as attempt_key,
        attempts.workflow || ', run ' || attempts.run_id || ', attempt '
        || cast(attempts.run_attempt as {{ dbt.type_string() }}) as attempt_name,
        attempts.repository,
        attempts.is_simulated,
        attempts.started_at,
        attempts.job_ms,
        flake_weeks.week_start_date,
        flake_weeks.has_tax,
        coalesce(reruns.reason, 'first') as reason,
        event_ids._event_id
    from attempts
    inner join event_ids
        on
            attempts.provider = event_ids.provider
            and attempts.repository = event_ids.repository
            and attempts.run_id = event_ids.run_id
            and attempts.run_attempt = event_ids.run_attempt
    inner join flake_weeks
        on
            attempts.repository = flake_weeks.repository
            and {{ week_of('attempts.started_date') }} = flake_weeks.week_start_date
    left join reruns
        on
            attempts.provider = reruns.provider
            and attempts.repository = reruns.repository
            and attempts.run_id = reruns.run_id
            and attempts.run_attempt = reruns.run_attempt
    where attempts.started_date >= {{ evidence_since() }}

),

executions as (

    select
        *,
        {{ is_simulated('repository') }} as is_simulated
    from {{ ref('int_job_executions_forecast') }}
    where
        not is_next
        and began_date >= {{ evidence_since() }}
        -- As the mart counts them.
        and began_at > {{ moment_plus(as_of(), -28, 'day') }}
        and known_at <= {{ as_of() }}

),

-- A budget has one state a week, that at its end: of its days, the last.
budgets as (

    select
        *,
        {{ week_of('evaluated_date') }} as week_start_date
    from {{ ref('error_budgets') }}
    qualify row_number() over (
        partition by repository, sli, {{ week_of('evaluated_date') }}
        order by evaluated_date desc
    ) = 1

),

evidence as (

    {{ evidence_of(
        'cost_per_successful_run', 'runs', 'pipeline_run', week_of('started_date'), 'run_key', 'run_name', 'started_at',
        is_excluded='not has_cost',
        numerator='cost_usd',
        denominator=one_if("run_status = 'success'"),
        why="case when not has_cost then 'The cost of one of its attempts is not known.'
            else 'Its last attempt: ' || run_status || '; the cost of all of them counts.' end"
    ) }}
    union all
    {{ evidence_of(
        'carbon_per_run', 'runs', 'pipeline_run', week_of('started_date'), 'run_key', 'run_name', 'started_at',
        is_excluded='not has_carbon',
        numerator='carbon_g_co2e',
        denominator='1',
        why="case when not has_carbon then 'The carbon of one of its attempts is not known.'
            else 'The carbon of all its attempts counts.' end"
    ) }}
    union all
    {{ evidence_of(
        'waste_ratio', 'runs', 'pipeline_run', week_of('started_date'), 'run_key', 'run_name', 'started_at',
        is_excluded='timed_attempt_count = 0',
        numerator='superseded_job_ms',
        denominator='job_ms',
        why="case when timed_attempt_count = 0 then 'How long its jobs took is not known.'
            when attempt_count = 1 then 'Its only attempt.'
            else 'The time of the attempts before its last is waste.' end"
    ) }}
    union all
    {{ evidence_of(
        'flake_tax_ratio', 'week_attempts', 'pipeline_run', 'week_start_date', 'attempt_key', 'attempt_name',
        'started_at',
        is_excluded='not has_tax or job_ms is null',
        numerator="case when reason = 'flaky' then job_ms else 0 end",
        denominator='job_ms',
        why="case when job_ms is null then 'How long its jobs took is not known.'
            when not has_tax then 'How long the flaky re-runs of the repository took in this week is not known.'
            when reason = 'flaky' then 'Run again although each failed test also passed on the same commit.'
            when reason = 'first' then 'It is no re-run.'
            else 'Run again for another reason: ' || reason || '.' end"
    ) }}
    union all
    {{ evidence_of(
        'forecast_error', 'executions', 'job_execution', week_of('began_date'),
        "repository || ' ' || workflow || ' ' || job_name || ' ' || branch_class || ' ' || cache_result || ' '
            || provider || ' ' || run_id || ' ' || cast(run_attempt as " ~ dbt.type_string() ~ ") || ' ' || job_id
            || ' ' || cast(ordinal as " ~ dbt.type_string() ~ ")",
        "workflow || ', job ' || job_name || ', ' || branch_class || ', cache ' || cache_result", 'began_at',
        is_excluded='forecast_error is null',
        numerator='forecast_error',
        denominator='1',
        event_id='null',
        why="case when forecast_error is null then 'Too little was known of the job to foretell it.'
            else 'Foretold were ' || " ~ whole('forecast_p50_ms') ~ " || ' ms, it took '
            || " ~ whole('duration_ms') ~ " || ' ms.' end"
    ) }}
    union all
    {{ evidence_of(
        'budgets_kept_ratio', 'budgets', 'error_budget', 'week_start_date', "repository || ' ' || sli",
        "'budget of ' || sli", 'evaluated_at',
        is_excluded="budget_status not in ('within', 'spent')",
        numerator=one_if("budget_status = 'within'"),
        denominator='1',
        is_aggregate='true',
        event_id='null',
        why=whole('bad_event_count') ~ " || ' bad of ' || " ~ whole('event_count') ~ " || ' events in 30 days: '
            || budget_status || '.'"
    ) }}

)

select * from evidence
