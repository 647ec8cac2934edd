-- One row per pipeline run attempt (provider, repository, run_id, run_attempt): what all who reported it say, in their words.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['provider', 'repository', 'run_id', 'run_attempt'],
    partition_by=partitioned_by_load(),
    cluster_by=['provider', 'repository', 'run_id', 'run_attempt'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}
{%- set unseen = unseen_loads(columns=['is_final_attempt']) %}
{{ says_loads(unseen) }}

with runs as (

    select current_runs.*
    from {{ ref('int_pipeline_runs_current') }} as current_runs
    {% if unseen %}
        inner join ({{ runs_with_changed_attempts(unseen) }}) as changed_runs
            on
                current_runs.provider = changed_runs.provider
                and current_runs.repository = changed_runs.repository
                and current_runs.run_id = changed_runs.run_id
        {%- set key = ['provider', 'repository', 'run_id'] %}
        {%- set days = known_days(ref('int_pipeline_runs_current'), '(' ~ runs_with_changed_attempts(unseen) ~ ')', key) %}
        {% if days is not none %} where {{ in_days('current_runs', days) }} {% endif %}
    {% endif %}

),

api_runs as (

    select * from runs
    where measured_by = 'api'

),

emitted_runs as (

    select * from runs
    where measured_by = 'pipeline'

),

-- The provider knows best when a run started, when it ended and how. Only a version of it that was
-- fetched while the run was going does not decide against the run's own report of its end.
measured_runs as (

    select
        coalesce(api_runs.provider, emitted_runs.provider) as provider,
        coalesce(api_runs.repository, emitted_runs.repository) as repository,
        coalesce(api_runs.run_id, emitted_runs.run_id) as run_id,
        coalesce(api_runs.run_attempt, emitted_runs.run_attempt) as run_attempt,
        case
            when api_runs.provider is null then 'pipeline'
            when api_runs.ended_at is null and emitted_runs.ended_at is not null then 'pipeline'
            else 'api'
        end as measured_by
    from api_runs
    full outer join emitted_runs
        on
            api_runs.provider = emitted_runs.provider
            and api_runs.repository = emitted_runs.repository
            and api_runs.run_id = emitted_runs.run_id
            and api_runs.run_attempt = emitted_runs.run_attempt

),

final_attempts as (

    select
        provider,
        repository,
        run_id,
        max(run_attempt) as run_attempt
    from runs
    group by provider, repository, run_id

),

reconciled_runs as (

    select
        measured_runs.provider,
        measured_runs.repository,
        measured_runs.run_id,
        measured_runs.run_attempt,
        measured_runs.run_attempt = final_attempts.run_attempt as is_final_attempt,
        coalesce(api_runs.workflow, emitted_runs.workflow, '(none)') as workflow,
        coalesce(api_runs.environment, emitted_runs.environment, '(none)') as environment,
        deciding_runs.started_at,
        deciding_runs.ended_at,
        deciding_runs.status,
        deciding_runs.status_original,
        coalesce(api_runs.run_number, emitted_runs.run_number) as run_number,
        coalesce(api_runs.event, emitted_runs.event) as event,
        coalesce(api_runs.actor, emitted_runs.actor) as actor,
        coalesce(api_runs.actor_type, emitted_runs.actor_type) as actor_type,
        coalesce(api_runs.commit_sha, emitted_runs.commit_sha) as commit_sha,
        coalesce(api_runs.branch, emitted_runs.branch) as branch,
        coalesce(api_runs.is_default_branch, emitted_runs.is_default_branch) as is_default_branch,
        coalesce(api_runs.pull_request_number, emitted_runs.pull_request_number) as pull_request_number,
        coalesce(api_runs.queue_ms, emitted_runs.queue_ms) as queue_ms,
        coalesce(api_runs.artifact_bytes, emitted_runs.artifact_bytes) as artifact_bytes,
        coalesce(api_runs.deployment_id, emitted_runs.deployment_id) as deployment_id,
        coalesce(api_runs.rollout_step, emitted_runs.rollout_step) as rollout_step,
        coalesce(api_runs.strategy, emitted_runs.strategy) as strategy,
        coalesce(api_runs.image_digest, emitted_runs.image_digest) as image_digest,
        coalesce(api_runs.sbom_uri, emitted_runs.sbom_uri) as sbom_uri,
        coalesce(api_runs.provenance_uri, emitted_runs.provenance_uri) as provenance_uri,
        coalesce(api_runs.signature_uri, emitted_runs.signature_uri) as signature_uri,
        coalesce(api_runs.release_evidence_uri, emitted_runs.release_evidence_uri) as release_evidence_uri,
        coalesce(api_runs.runner_os, emitted_runs.runner_os) as runner_os,
        coalesce(api_runs.runner_type, emitted_runs.runner_type) as runner_type,
        coalesce(api_runs.region, emitted_runs.region) as region,
        coalesce(api_runs.is_spot, emitted_runs.is_spot) as is_spot,
        coalesce(api_runs.canary_decision, emitted_runs.canary_decision) as canary_decision,
        coalesce(api_runs.canary_recorded_at, emitted_runs.canary_recorded_at) as canary_recorded_at,
        coalesce(api_runs.canary_window_started_at, emitted_runs.canary_window_started_at) as canary_window_started_at,
        coalesce(api_runs.canary_window_ended_at, emitted_runs.canary_window_ended_at) as canary_window_ended_at,
        coalesce(api_runs.canary_query, emitted_runs.canary_query) as canary_query,
        coalesce(api_runs.canary_metrics_uri, emitted_runs.canary_metrics_uri) as canary_metrics_uri,
        coalesce(api_runs.canary_notes, emitted_runs.canary_notes) as canary_notes,
        coalesce(api_runs.canary_error_rate, emitted_runs.canary_error_rate) as canary_error_rate,
        coalesce(api_runs.canary_success_ratio, emitted_runs.canary_success_ratio) as canary_success_ratio,
        coalesce(api_runs.canary_latency_p50_ms, emitted_runs.canary_latency_p50_ms) as canary_latency_p50_ms,
        coalesce(api_runs.canary_latency_p95_ms, emitted_runs.canary_latency_p95_ms) as canary_latency_p95_ms,
        coalesce(api_runs.canary_latency_p99_ms, emitted_runs.canary_latency_p99_ms) as canary_latency_p99_ms,
        coalesce(api_runs.canary_requests_per_second, emitted_runs.canary_requests_per_second) as canary_requests_per_second,
        coalesce(api_runs.rollback_reason, emitted_runs.rollback_reason) as rollback_reason,
        coalesce(api_runs.carbon_g_co2e, emitted_runs.carbon_g_co2e) as carbon_g_co2e,
        coalesce(api_runs.energy_kwh, emitted_runs.energy_kwh) as energy_kwh,
        coalesce(api_runs.cache_keys, emitted_runs.cache_keys) as cache_keys,
        coalesce(api_runs.flakiness_index, emitted_runs.flakiness_index) as flakiness_index,
        coalesce(api_runs.test_count, emitted_runs.test_count) as test_count,
        coalesce(api_runs.failed_test_count, emitted_runs.failed_test_count) as failed_test_count,
        coalesce(api_runs.skipped_test_count, emitted_runs.skipped_test_count) as skipped_test_count,
        coalesce(api_runs.flaky_test_count, emitted_runs.flaky_test_count) as flaky_test_count,
        coalesce(api_runs.test_duration_ms, emitted_runs.test_duration_ms) as test_duration_ms,
        coalesce(api_runs.line_coverage_ratio, emitted_runs.line_coverage_ratio) as line_coverage_ratio,
        coalesce(api_runs.branch_coverage_ratio, emitted_runs.branch_coverage_ratio) as branch_coverage_ratio,
        coalesce(api_runs.statement_coverage_ratio, emitted_runs.statement_coverage_ratio) as statement_coverage_ratio,
        coalesce(api_runs.mutant_count, emitted_runs.mutant_count) as mutant_count,
        coalesce(api_runs.killed_mutant_count, emitted_runs.killed_mutant_count) as killed_mutant_count,
        coalesce(api_runs.equivalent_mutant_count, emitted_runs.equivalent_mutant_count) as equivalent_mutant_count,
        coalesce(api_runs.timeout_mutant_count, emitted_runs.timeout_mutant_count) as timeout_mutant_count,
        coalesce(api_runs.dropped_equivalent_mutant_count, emitted_runs.dropped_equivalent_mutant_count)
            as dropped_equivalent_mutant_count,
        coalesce(api_runs.reported_mutation_score_ratio, emitted_runs.reported_mutation_score_ratio)
            as reported_mutation_score_ratio,
        coalesce(api_runs.reported_mutation_score_delta, emitted_runs.reported_mutation_score_delta)
            as reported_mutation_score_delta,
        coalesce(api_runs.cost_usd, emitted_runs.cost_usd) as cost_usd,
        coalesce(api_runs.cpu_seconds, emitted_runs.cpu_seconds) as cpu_seconds,
        coalesce(api_runs.gpu_seconds, emitted_runs.gpu_seconds) as gpu_seconds,
        measured_runs.measured_by,
        deciding_runs.is_simulated,
        deciding_runs._event_id,
        emitted_runs._event_id as _emitted_event_id,
        deciding_runs._load_id,
        deciding_runs._source_line,
        deciding_runs._contract,
        deciding_runs._loaded_at,
        -- Whichever of the two arrived last: then this row was made anew.
        greatest(
            coalesce(api_runs._committed_at, emitted_runs._committed_at),
            coalesce(emitted_runs._committed_at, api_runs._committed_at)
        ) as _committed_at
    from measured_runs
    inner join runs as deciding_runs
        on
            measured_runs.provider = deciding_runs.provider
            and measured_runs.repository = deciding_runs.repository
            and measured_runs.run_id = deciding_runs.run_id
            and measured_runs.run_attempt = deciding_runs.run_attempt
            and measured_runs.measured_by = deciding_runs.measured_by
    inner join final_attempts
        on
            measured_runs.provider = final_attempts.provider
            and measured_runs.repository = final_attempts.repository
            and measured_runs.run_id = final_attempts.run_id
    left join api_runs
        on
            measured_runs.provider = api_runs.provider
            and measured_runs.repository = api_runs.repository
            and measured_runs.run_id = api_runs.run_id
            and measured_runs.run_attempt = api_runs.run_attempt
    left join emitted_runs
        on
            measured_runs.provider = emitted_runs.provider
            and measured_runs.repository = emitted_runs.repository
            and measured_runs.run_id = emitted_runs.run_id
            and measured_runs.run_attempt = emitted_runs.run_attempt

)

select * from reconciled_runs
{{ in_order_of('started_at') }}
