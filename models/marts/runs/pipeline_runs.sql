-- One row per attempt of a pipeline run (provider, repository, run_id, run_attempt).
{{ config(
    materialized='incremental',
    incremental_strategy=replacing_dates(),
    partition_by=partitioned_by('started_date'),
    on_schema_change='append_new_columns'
) }}
{%- set seen_change = newest_change() %}
{%- set dates = dates_of_changed_runs(has_catalogue=true) %}
{%- set loading_days = loading_days_of_runs(dates) %}
{{ says_dates('started_date', dates) }}

with runs as (

    select runs.*
    from {{ ref('int_pipeline_runs_joined') }} as runs
    where
        {{ is_started_on('runs', dates) }}
        and {{ is_loaded_on('runs', loading_days) }}

),

run_job_totals as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        count(*) as job_count,
        count(case when job_status in ('failed', 'timed_out') then 1 end) as failed_job_count,
        cast(sum(duration_ms) as int64) as job_ms
    from {{ ref('pipeline_jobs') }}
    where
        {{ in_dates('partition_date', dates) }}
        and not is_carried_over
    group by provider, repository, run_id, run_attempt

),

-- A v1.2 event has a run id of its own making, so that the same run, read from its provider too,
-- is not recognised by its key. One that has not ended may overlap with all that start after it.
overlapping_hub_runs as (

    select distinct
        hub_runs.provider,
        hub_runs.repository,
        hub_runs.run_id,
        hub_runs.run_attempt
    from runs as hub_runs
    inner join {{ ref('int_pipeline_runs_reconciled') }} as other_runs
        on
            hub_runs.repository = other_runs.repository
            and hub_runs.commit_sha = other_runs.commit_sha
            and (hub_runs.provider <> other_runs.provider or hub_runs.run_id <> other_runs.run_id)
            and (
                hub_runs.started_at = other_runs.started_at
                or (
                    (other_runs.ended_at is null or hub_runs.started_at < other_runs.ended_at)
                    and (hub_runs.ended_at is null or other_runs.started_at < hub_runs.ended_at)
                )
            )
    where hub_runs.provider = 'hub'

),

runs_with_context as (

    select
        runs.provider,
        runs.repository,
        runs.run_id,
        runs.run_attempt,
        runs.is_final_attempt,
        runs.run_number,
        runs.workflow,
        runs.environment,
        runs.event,
        runs.actor,
        runs.actor_type,
        runs.commit_sha,
        runs.branch,
        coalesce(runs.is_default_branch, runs.branch in ('main', 'master'), false) as is_default_branch,
        runs.pull_request_number,
        runs.started_at,
        runs.ended_at,
        cast(runs.started_at as date) as started_date,
        runs.run_status,
        runs.status_original,
        runs.has_unmapped_status,
        case
            when runs.run_status <> 'running'
                then {{ dbt.datediff('runs.started_at', 'runs.ended_at', 'millisecond') }}
        end as duration_ms,
        runs.queue_ms,
        run_job_totals.job_count,
        run_job_totals.failed_job_count,
        run_job_totals.job_ms,
        runs.measured_by,
        overlapping_hub_runs.run_id is not null as is_possible_duplicate,
        runs.deployment_id,
        runs.strategy,
        runs.image_digest,
        runs.runner_os,
        runs.runner_type,
        runs.region,
        coalesce(runs.is_spot, false) as is_spot,
        runs.artifact_bytes,
        runs.test_count,
        runs.failed_test_count,
        runs.skipped_test_count,
        runs.flaky_test_count,
        runs.test_duration_ms,
        runs.line_coverage_ratio,
        runs.branch_coverage_ratio,
        runs.statement_coverage_ratio,
        runs.mutant_count,
        runs.killed_mutant_count,
        runs.equivalent_mutant_count,
        runs.timeout_mutant_count,
        runs.reported_mutation_score_ratio,
        runs.reported_mutation_score_delta,
        runs.flakiness_index,
        runs.canary_decision,
        runs.rollback_reason,
        runs.cost_usd,
        runs.cpu_seconds,
        runs.gpu_seconds,
        runs.carbon_g_co2e,
        runs.energy_kwh,
        {{ team_and_tier('runs') }},
        runs.is_simulated,
        runs._event_id,
        runs._emitted_event_id,
        runs._load_id,
        runs._source_line,
        runs._contract,
        runs._loaded_at,
        '{{ seen_change }}' as _seen_change,
        runs._words_fingerprint,
        {{ catalogue_fingerprint() }} as _catalogue_fingerprint
    from runs
    left join run_job_totals
        on
            runs.provider = run_job_totals.provider
            and runs.repository = run_job_totals.repository
            and runs.run_id = run_job_totals.run_id
            and runs.run_attempt = run_job_totals.run_attempt
    left join overlapping_hub_runs
        on
            runs.provider = overlapping_hub_runs.provider
            and runs.repository = overlapping_hub_runs.repository
            and runs.run_id = overlapping_hub_runs.run_id
            and runs.run_attempt = overlapping_hub_runs.run_attempt
    {{ join_catalogue_entry('runs', 'started_at') }}

)

select * from runs_with_context
{{ in_order_of('started_date') }}
