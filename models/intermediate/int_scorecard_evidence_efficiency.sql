-- One row per metric of flakes and budgets, week and attempt or budget behind it (last four complete weeks).
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
