-- One row per entry of the catalogue (repository, valid_from): its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['repository', 'valid_from'],
    partition_by=partitioned_by_load(),
    cluster_by=['repository', 'valid_from'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_repositories'), ['repository', 'valid_from']) }}
