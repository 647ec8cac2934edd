-- One row per incident (provider, incident_id): its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['provider', 'incident_id'],
    partition_by=partitioned_by_load(),
    cluster_by=['provider', 'incident_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_incidents'), ['provider', 'incident_id']) }}
