-- One row per metric of costs, week and run behind it (last four complete weeks).
{{ config(
    materialized='incremental',
    incremental_strategy=replacing_dates(),
    partition_by=partitioned_by('counted_date'),
    on_schema_change='append_new_columns'
) }}
{%- set listed_days %}
    select
        started_date as counted_date,
        count(*) as thing_count
    from {{ ref('int_pipeline_runs_costed') }}
    where is_final_attempt and started_date >= {{ evidence_since() }}
    group by started_date
{% endset %}
{%- set changed = dates_of_changed_runs(meanings={'_prices_fingerprint': prices_fingerprint()}) %}
{%- set dates = dates_of_changed_evidence(changed, 'cost_per_successful_run', listed_days) %}
{{ says_dates('counted_date', dates) }}

with final_attempts as (

    select
        *,
        started_date as counted_date
    from {{ ref('int_pipeline_runs_costed') }}
    where
        is_final_attempt
        and started_date >= {{ evidence_since() }}
        and {{ in_dates('started_date', dates) }}

),

event_ids as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        _event_id
    from {{ ref('pipeline_runs') }}
    where {{ in_dates('started_date', dates) }}

),

-- At run grain, as in `cost_and_carbon`: what a run cost is known only if that of each of its attempts is.
run_sums as (

    select
        attempts.provider,
        attempts.repository,
        attempts.run_id,
        count(*) as attempt_count,
        count(attempts.job_ms) as timed_attempt_count,
        sum(attempts.job_ms) as job_ms,
        coalesce(sum(case when not attempts.is_final_attempt then attempts.job_ms end), 0) as superseded_job_ms,
        count(*) = count(attempts.cost_usd) as has_cost,
        sum(attempts.cost_usd) as cost_usd,
        count(*) = count(attempts.carbon_g_co2e) as has_carbon,
        sum(attempts.carbon_g_co2e) as carbon_g_co2e
    from {{ ref('int_pipeline_runs_costed') }} as attempts
    -- Also the attempts of other days.
    inner join final_attempts
        on
            attempts.provider = final_attempts.provider
            and attempts.repository = final_attempts.repository
            and attempts.run_id = final_attempts.run_id
    group by attempts.provider, attempts.repository, attempts.run_id

),

runs as (

    select
        run_sums.*,
        final_attempts.is_simulated,
        final_attempts.run_status,
        final_attempts.started_at,
        final_attempts.counted_date,
        final_attempts._seen_change,
        final_attempts._words_fingerprint,
        final_attempts._prices_fingerprint,
        event_ids._event_id,
        run_sums.provider || ' ' || run_sums.repository || ' ' || run_sums.run_id as run_key,
        final_attempts.workflow || ', run ' || run_sums.run_id || ', ' || {{ whole('run_sums.attempt_count') }}
        || case when run_sums.attempt_count = 1 then ' attempt' else ' attempts' end as run_name
    from run_sums
    inner join final_attempts
        on
            run_sums.provider = final_attempts.provider
            and run_sums.repository = final_attempts.repository
            and run_sums.run_id = final_attempts.run_id
    inner join event_ids
        on
            final_attempts.provider = event_ids.provider
            and final_attempts.repository = event_ids.repository
            and final_attempts.run_id = event_ids.run_id
            and final_attempts.run_attempt = event_ids.run_attempt

),

evidence as (

    {{ evidence_of_days(
        'cost_per_successful_run', 'runs', 'pipeline_run', 'run_key', 'run_name', 'started_at',
        also_kept=['_prices_fingerprint'],
        is_excluded='not has_cost',
        numerator='cost_usd',
        denominator=one_if("run_status = 'success'"),
        why="case when not has_cost then 'The cost of one of its attempts is not known.'
            else 'Its last attempt: ' || run_status || '; the cost of all of them counts.' end"
    ) }}
    union all
    {{ evidence_of_days(
        'carbon_per_run', 'runs', 'pipeline_run', 'run_key', 'run_name', 'started_at',
        also_kept=['_prices_fingerprint'],
        is_excluded='not has_carbon',
        numerator='carbon_g_co2e',
        denominator='1',
        why="case when not has_carbon then 'The carbon of one of its attempts is not known.'
            else 'The carbon of all its attempts counts.' end"
    ) }}
    union all
    {{ evidence_of_days(
        'waste_ratio', 'runs', 'pipeline_run', 'run_key', 'run_name', 'started_at',
        also_kept=['_prices_fingerprint'],
        is_excluded='timed_attempt_count = 0',
        numerator='superseded_job_ms',
        denominator='job_ms',
        why="case when timed_attempt_count = 0 then 'How long its jobs took is not known.'
            when attempt_count = 1 then 'Its only attempt.'
            else 'The time of the attempts before its last is waste.' end"
    ) }}

)

select * from evidence
{{ in_order_of('counted_date') }}
