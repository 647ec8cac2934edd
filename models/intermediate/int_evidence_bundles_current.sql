-- One row per bundle that was put together as the evidence of a release, in its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['evidence_bundle_id'],
    partition_by=partitioned_by_load(),
    cluster_by=['evidence_bundle_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_evidence_bundles'), ['evidence_bundle_id']) }}
