-- One row per release (repository, tag): its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['repository', 'tag'],
    partition_by=partitioned_by_load(),
    cluster_by=['repository', 'tag'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_releases'), ['repository', 'tag']) }}
