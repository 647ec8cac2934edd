-- One row per repository and topic of which the repository has ever sent something: does it still?
with repository_evidence as (

    -- What others say about a repository, and may have no reason to say, is not there to be missed.
    select * from {{ ref('int_repository_evidence') }}
    where topic not in ('incident', 'vex')

),

repositories as (

    select * from {{ ref('repositories') }}
    where is_in_force

),

topic_freshness as (

    select * from {{ ref('int_topic_freshness') }}

),

dated_topics as (

    select
        repository_evidence.repository,
        repository_evidence.topic,
        coalesce(repositories.team, 'unregistered') as team,
        coalesce(repositories.is_registered, false) as is_registered,
        coalesce(repositories.is_active, true) as is_active,
        coalesce(repositories.evidence_state = 'silent', false) as is_repository_silent,
        repository_evidence.evidence_count,
        repository_evidence.self_declared_evidence_count,
        repository_evidence.first_evidence_at,
        repository_evidence.last_evidence_at,
        {{ dbt.datediff('repository_evidence.last_evidence_at', as_of(), 'day') }} as age_days,
        coalesce(
            own_freshness.freshness_days,
            (select any_freshness.freshness_days from topic_freshness as any_freshness where any_freshness.topic = '*')
        ) as freshness_days,
        repository_evidence.is_simulated
    from repository_evidence
    left join repositories on repository_evidence.repository = repositories.repository
    left join topic_freshness as own_freshness on repository_evidence.topic = own_freshness.topic

),

judged_topics as (

    select
        *,
        is_active and age_days > freshness_days as is_silent
    from dated_topics

)

select
    repository,
    topic,
    team,
    is_registered,
    is_active,
    evidence_count,
    self_declared_evidence_count,
    first_evidence_at,
    last_evidence_at,
    age_days,
    freshness_days,
    is_silent,
    is_repository_silent,
    case when is_silent or not is_active then 'grey' else 'green' end as status,
    case
        when not is_active then 'Archived: no evidence is expected.'
        when is_repository_silent then 'The whole repository is silent.'
        when is_silent
            then
                'Silent for ' || {{ whole('age_days') }} || ' days; evidence of this kind is expected every '
                || {{ whole('freshness_days') }} || '.'
        else 'Evidence arrives.'
    end as why,
    is_simulated
from judged_topics
