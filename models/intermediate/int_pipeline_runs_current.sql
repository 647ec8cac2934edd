-- One row per pipeline run and reporter (provider, repository, run_id, run_attempt, measured_by): its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['provider', 'repository', 'run_id', 'run_attempt', 'measured_by'],
    partition_by=partitioned_by_load(),
    cluster_by=['provider', 'repository', 'run_id', 'run_attempt'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(
    ref('stg_pipeline_runs'),
    ['provider', 'repository', 'run_id', 'run_attempt', 'measured_by']
) }}
