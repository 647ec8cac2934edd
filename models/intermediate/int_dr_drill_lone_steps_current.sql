-- One row per step of a recovery drill that arrived alone (drill_id, step): its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['drill_id', 'step'],
    partition_by=partitioned_by_load(),
    cluster_by=['drill_id', 'step'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_dr_drill_lone_steps'), ['drill_id', 'step']) }}
