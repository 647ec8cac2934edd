-- One row per target that an entry of the catalogue sets, of its parent's newest version.
with repository_thresholds as (

    select * from {{ ref('stg_repository_thresholds') }}

),

repositories_current as (

    select * from {{ ref('int_repositories_current') }}

),

-- Children follow their parent's winning event: one that a correction left out must not live on.
current_repository_thresholds as (

    select repository_thresholds.*
    from repository_thresholds
    inner join repositories_current
        on repository_thresholds._event_id = repositories_current._event_id

)

select * from current_repository_thresholds
