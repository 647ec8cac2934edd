-- One row per suite run: its newest report.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='test_suite_id',
    partition_by=partitioned_by_load(),
    cluster_by=['test_suite_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_test_suites'), ['test_suite_id']) }}
