-- One row per open matter of the evidence itself: what fell silent, what is rejected, and what is wrong in the warehouse.
with repositories as (

    select * from {{ ref('repositories') }}

),

data_trust as (

    select * from {{ ref('data_trust') }}

),

dbt_nodes as (

    select * from {{ ref('dbt_nodes') }}

),

silent_repositories as (

    select
        'silent_repository' as kind,
        repository,
        repository as subject,
        is_simulated,
        silent_since_at as since_at,
        cast(silent_days as {{ type_double() }}) as size_value,
        'days' as size_unit,
        {{ safe_ratio('silent_days', 'freshness_days') }} as times_allowed,
        'Nothing has been heard of ' || repository || ' for ' || {{ whole('silent_days') }}
        || ' days: whatever goes wrong there, nobody would see it.' as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        cast(null as {{ dbt.type_string() }}) as owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'repositories' as source_mart,
        {{ filter_text({'repository': 'repository'}) }} || ' and is_in_force' as source_filter
    from repositories
    where evidence_state = 'silent'

),

silent_topics as (

    select
        'silent_topic' as kind,
        cast(null as {{ dbt.type_string() }}) as repository,
        topic as subject,
        is_simulated,
        last_loaded_at as since_at,
        cast(age_days as {{ type_double() }}) as size_value,
        'days' as size_unit,
        {{ safe_ratio('age_days', 'freshness_days') }} as times_allowed,
        'No evidence of the kind ' || topic || ' has arrived for ' || {{ whole('age_days') }} || ' days; it is expected every '
        || {{ whole('freshness_days') }} || '.' as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'data_trust' as source_mart,
        {{ filter_text({'topic': 'topic'}) }} as source_filter
    from data_trust
    where is_stale

),

rejected_evidence as (

    select
        'rejected_evidence' as kind,
        cast(null as {{ dbt.type_string() }}) as repository,
        topic as subject,
        is_simulated,
        first_loaded_at as since_at,
        cast(rejected_event_count as {{ type_double() }}) as size_value,
        'events' as size_unit,
        cast(null as {{ type_double() }}) as times_allowed,
        {{ whole('rejected_event_count') }} || ' of ' || {{ whole('event_count') }} || ' events of the kind ' || topic
        || ' were rejected, because they break their contract: what they say is missing here.' as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'data_trust' as source_mart,
        {{ filter_text({'topic': 'topic'}) }} as source_filter
    from data_trust
    where status = 'red'

),

unfixed_nodes as (

    select
        repository,
        is_simulated,
        count(*) as failed_node_count,
        min(bad_since_at) as since_at,
        min(unique_id) as first_unique_id
    from dbt_nodes
    where is_unfixed and outcome = 'failed'
    group by repository, is_simulated

),

failed_data_tests as (

    select
        'failed_data_test' as kind,
        repository,
        repository as subject,
        is_simulated,
        since_at,
        cast(failed_node_count as {{ type_double() }}) as size_value,
        'tests or models' as size_unit,
        cast(null as {{ type_double() }}) as times_allowed,
        {{ whole('failed_node_count') }}
        || case when failed_node_count = 1 then ' test or model' else ' tests or models' end || ' of the warehouse of '
        || repository || ' failed when last run: figures built on it may be wrong.' as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        cast(null as {{ dbt.type_string() }}) as owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'dbt_nodes' as source_mart,
        {{ filter_text({'repository': 'repository'}) }} || ' and is_unfixed' as source_filter
    from unfixed_nodes

),

matters as (

    select * from silent_repositories
    union all
    select * from silent_topics
    union all
    select * from rejected_evidence
    union all
    select * from failed_data_tests

)

select * from matters
