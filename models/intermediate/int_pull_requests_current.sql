-- One row per pull request and reporter (provider, repository, number, reported_by): its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['provider', 'repository', 'number', 'reported_by'],
    partition_by=partitioned_by_load(),
    cluster_by=['provider', 'repository', 'number', 'reported_by'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_pull_requests'), ['provider', 'repository', 'number', 'reported_by']) }}
