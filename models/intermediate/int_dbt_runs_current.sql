-- One row per invocation of dbt (invocation_id), as it was last loaded.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='invocation_id',
    partition_by=partitioned_by_load(),
    cluster_by=['invocation_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_dbt_runs'), ['invocation_id']) }}
