-- One row per version of a VEX document, in its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['document_id', 'document_version'],
    partition_by=partitioned_by_load(),
    cluster_by=['document_id', 'document_version'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_vex_documents'), ['document_id', 'document_version']) }}
