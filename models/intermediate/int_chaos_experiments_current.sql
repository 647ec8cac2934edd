-- One row per execution of a chaos experiment (chaos_experiment_id): its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['chaos_experiment_id'],
    partition_by=partitioned_by_load(),
    cluster_by=['chaos_experiment_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_chaos_experiments'), ['chaos_experiment_id']) }}
