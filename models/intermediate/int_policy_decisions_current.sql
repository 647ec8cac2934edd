-- One row per rule of a policy decided on one subject, as a policy engine reported it, in its newest version.
{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['policy_decision_id'],
    partition_by=partitioned_by_load(),
    cluster_by=['policy_decision_id'],
    on_schema_change='append_new_columns',
    pre_hook="{{ empty_after_reload() }}"
) }}

{{ current_versions(ref('stg_policy_decisions'), ['policy_decision_id']) }}
