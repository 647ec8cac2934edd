-- One row per repository and service level indicator that it has events of: what is promised, and by whom.
with service_events as (

    select * from {{ ref('int_service_events') }}

),

shipped as (

    select * from {{ ref('service_objectives') }}

),

overrides as (

    select * from {{ ref('service_objectives_overrides') }}

),

repositories as (

    select * from {{ ref('int_repositories_with_validity') }}

),

thresholds as (

    select * from {{ ref('int_repository_thresholds_current') }}

),

repository_slis as (

    select distinct
        repository,
        sli
    from service_events

),

-- What the catalogue says now. A ratio of failures that is accepted leaves the rest to be promised.
catalogue_targets as (

    select
        repositories.repository,
        case thresholds.metric_id
            when 'success_ratio' then 'success_ratio'
            when 'change_failure_ratio' then 'deployment_success_ratio'
        end as sli,
        case thresholds.metric_id
            when 'success_ratio' then thresholds.threshold
            -- Rounded, as 1 - 0.08 is a little more than 0.92.
            when 'change_failure_ratio' then round(1 - thresholds.threshold, 9)
        end as target_ratio
    from repositories
    inner join thresholds
        on repositories._event_id = thresholds._event_id
    where
        thresholds.metric_id in ('success_ratio', 'change_failure_ratio')
        and thresholds.threshold between 0 and 1
        and repositories.valid_from <= {{ as_of() }}
        and (repositories.valid_to is null or {{ as_of() }} < repositories.valid_to)

)

select
    repository_slis.repository,
    repository_slis.sli,
    coalesce(
        own_overrides.target_ratio,
        general_overrides.target_ratio,
        catalogue_targets.target_ratio,
        shipped.target_ratio
    ) as target_ratio,
    coalesce(
        own_overrides.minimum_event_count, general_overrides.minimum_event_count, shipped.minimum_event_count
    ) as minimum_event_count,
    case
        when own_overrides.repository is not null then own_overrides.source
        when general_overrides.repository is not null then general_overrides.source
        when catalogue_targets.repository is not null then 'the catalogue'
        else shipped.source
    end as objective_source
from repository_slis
inner join shipped
    on repository_slis.sli = shipped.sli
left join overrides as own_overrides
    on
        repository_slis.repository = own_overrides.repository
        and repository_slis.sli = own_overrides.sli
left join overrides as general_overrides
    on
        repository_slis.sli = general_overrides.sli
        and general_overrides.repository = '*'
left join catalogue_targets
    on
        repository_slis.repository = catalogue_targets.repository
        and repository_slis.sli = catalogue_targets.sli
