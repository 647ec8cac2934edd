-- One row per coverage report, as it was last loaded.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key='coverage_report_id',
    partition_by=partitioned_by_load(),
    cluster_by=['coverage_report_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_coverage_reports'), ['coverage_report_id']) }}
