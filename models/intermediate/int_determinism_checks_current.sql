-- One row per check of whether two builds of the same source are the same, in its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['determinism_check_id'],
    partition_by=partitioned_by_load(),
    cluster_by=['determinism_check_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_determinism_checks'), ['determinism_check_id']) }}
