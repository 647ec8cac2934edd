-- One row per SBOM document, in its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['sbom_id'],
    partition_by=partitioned_by_load(),
    cluster_by=['sbom_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_sboms'), ['sbom_id']) }}
