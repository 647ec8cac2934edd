-- One row per recovery drill that was reported (drill_id): the newest version of its report.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['drill_id'],
    partition_by=partitioned_by_load(),
    cluster_by=['drill_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_dr_drills'), ['drill_id']) }}
