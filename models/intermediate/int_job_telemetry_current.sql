-- One row per measurement of a job (job_telemetry_id): where it was loaded more than once, the newest.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['job_telemetry_id'],
    partition_by=partitioned_by_load(),
    cluster_by=['job_telemetry_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_job_telemetry'), ['job_telemetry_id']) }}
