-- One row per deployment (provider, deployment_id): its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['provider', 'deployment_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_deployments'), ['provider', 'deployment_id']) }}
