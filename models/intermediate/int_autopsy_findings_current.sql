-- One row per root cause of a failed run, or of an incident, in its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['autopsy_finding_id'],
    partition_by=partitioned_by_load(),
    cluster_by=['autopsy_finding_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_autopsy_findings'), ['autopsy_finding_id']) }}
