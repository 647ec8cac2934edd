-- One row per check of one artifact, in its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['verification_id'],
    partition_by=partitioned_by_load(),
    cluster_by=['verification_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_verifications'), ['verification_id']) }}
