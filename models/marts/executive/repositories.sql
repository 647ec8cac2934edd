-- One row per entry of the catalogue (repository, valid_from), and one per repository that is in no entry.
with catalogue_entries as (

    select * from {{ ref('int_repositories_with_validity') }}

),

repository_evidence as (

    select * from {{ ref('int_repository_evidence') }}

),

topic_freshness as (

    select * from {{ ref('int_topic_freshness') }}

),

-- What others say about a repository (its incidents, its VEX documents) does not show that it still speaks itself.
repository_last_evidence as (

    select
        repository,
        is_simulated,
        min(case when topic not in ('incident', 'vex') then first_evidence_at end) as first_evidence_at,
        max(case when topic not in ('incident', 'vex') then last_evidence_at end) as last_evidence_at,
        count(distinct topic) as topic_count,
        max(case when topic = 'pipeline_run' then last_evidence_at end) as last_run_at,
        max(case when topic = 'test_report' then last_evidence_at end) as last_test_report_at,
        max(case when topic = 'mutation_run' then last_evidence_at end) as last_mutation_run_at,
        max(case when topic = 'deployment' then last_evidence_at end) as last_deployment_at,
        max(case when topic = 'incident' then last_evidence_at end) as last_incident_at,
        max(case when topic = 'vulnerability_scan' then last_evidence_at end) as last_vulnerability_scan_at,
        max(case when topic = 'verification' then last_evidence_at end) as last_verification_at,
        max(case when topic = 'chaos_experiment' then last_evidence_at end) as last_chaos_experiment_at,
        max(case when topic = 'dr_drill' then last_evidence_at end) as last_dr_drill_at
    from repository_evidence
    group by repository, is_simulated

),

entries as (

    select
        repository,
        valid_from,
        valid_to,
        true as is_registered,
        known_since,
        team,
        service,
        service_rules,
        tier,
        default_branch,
        is_active,
        provider,
        is_simulated
    from catalogue_entries
    union all
    -- Nobody said that it is archived, so it is expected to speak.
    select
        repository_last_evidence.repository,
        cast('1970-01-01 00:00:00' as timestamp) as valid_from,
        cast(null as timestamp) as valid_to,
        false as is_registered,
        cast(null as timestamp) as known_since,
        'unregistered' as team,
        cast(null as {{ dbt.type_string() }}) as service,
        cast(null as {{ dbt.type_string() }}) as service_rules,
        cast(null as {{ dbt.type_bigint() }}) as tier,
        cast(null as {{ dbt.type_string() }}) as default_branch,
        true as is_active,
        cast(null as {{ dbt.type_string() }}) as provider,
        repository_last_evidence.is_simulated
    from repository_last_evidence
    left join catalogue_entries on repository_last_evidence.repository = catalogue_entries.repository
    where catalogue_entries.repository is null

),

measured_entries as (

    select
        entries.*,
        entries.valid_from <= {{ as_of() }} and (entries.valid_to is null or entries.valid_to > {{ as_of() }})
            as is_in_force,
        repository_last_evidence.first_evidence_at,
        repository_last_evidence.last_evidence_at,
        coalesce(repository_last_evidence.topic_count, 0) as topic_count,
        repository_last_evidence.last_run_at,
        repository_last_evidence.last_test_report_at,
        repository_last_evidence.last_mutation_run_at,
        repository_last_evidence.last_deployment_at,
        repository_last_evidence.last_incident_at,
        repository_last_evidence.last_vulnerability_scan_at,
        repository_last_evidence.last_verification_at,
        repository_last_evidence.last_chaos_experiment_at,
        repository_last_evidence.last_dr_drill_at,
        -- One that never spoke is silent since it was announced.
        coalesce(
            repository_last_evidence.last_evidence_at,
            case when entries.valid_from > entries.known_since then entries.valid_from else entries.known_since end
        ) as silent_since_at,
        (select any_topic.freshness_days from topic_freshness as any_topic where any_topic.topic = '*')
            as freshness_days
    from entries
    left join repository_last_evidence on entries.repository = repository_last_evidence.repository

),

judged_entries as (

    select
        *,
        {{ dbt.datediff('silent_since_at', as_of(), 'day') }} as silent_days,
        case
            when not is_in_force then 'superseded'
            when not is_active then 'archived'
            when {{ dbt.datediff('silent_since_at', as_of(), 'day') }} > freshness_days then 'silent'
            when last_evidence_at is null then 'awaited'
            else 'speaking'
        end as evidence_state
    from measured_entries

)

select
    repository,
    valid_from,
    valid_to,
    is_registered,
    is_in_force,
    known_since,
    coalesce(team, '(none)') as team,
    service,
    service_rules,
    tier,
    default_branch,
    is_active,
    provider,
    first_evidence_at,
    last_evidence_at,
    topic_count,
    last_run_at,
    last_test_report_at,
    last_mutation_run_at,
    last_deployment_at,
    last_incident_at,
    last_vulnerability_scan_at,
    last_verification_at,
    last_chaos_experiment_at,
    last_dr_drill_at,
    silent_since_at,
    silent_days,
    freshness_days,
    evidence_state,
    case when evidence_state in ('superseded', 'archived', 'silent', 'awaited') then 'grey' else 'green' end as status,
    case evidence_state
        when 'superseded' then 'Another entry is in force.'
        when 'archived' then 'Archived: no evidence is expected.'
        when 'awaited' then 'Announced, and nothing has arrived yet.'
        when 'silent'
            then
                'Silent for ' || cast(silent_days as {{ dbt.type_string() }}) || ' days; some evidence is expected every '
                || cast(freshness_days as {{ dbt.type_string() }}) || '.'
        else 'Evidence arrives.'
    end as why,
    is_simulated
from judged_entries
