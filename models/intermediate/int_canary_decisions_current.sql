-- One row per decision about a canary (deployment_provider, deployment_id, recorded_at), in its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['deployment_provider', 'deployment_id', 'recorded_at'],
    partition_by=partitioned_by_load(),
    cluster_by=['deployment_provider', 'deployment_id', 'recorded_at'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_canary_decisions'), ['deployment_provider', 'deployment_id', 'recorded_at']) }}
