-- One row per verification of a build cache against its manifest, in its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['cache_check_id'],
    partition_by=partitioned_by_load(),
    cluster_by=['cache_check_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_cache_checks'), ['cache_check_id']) }}
