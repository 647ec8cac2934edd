-- One row per deployment and reporter (provider, deployment_id, reported_by): its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['provider', 'deployment_id', 'reported_by'],
    partition_by=partitioned_by_load(),
    cluster_by=['provider', 'deployment_id', 'reported_by'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_deployments'), ['provider', 'deployment_id', 'reported_by']) }}
