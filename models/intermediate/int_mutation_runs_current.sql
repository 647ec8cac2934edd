-- One row per mutation report, as it was last loaded.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='mutation_run_id',
    partition_by=partitioned_by_load(),
    cluster_by=['mutation_run_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_mutation_runs'), ['mutation_run_id']) }}
