-- One row per entry of the catalogue (repository, valid_from), with the moment that ends it.
with repositories as (

    select * from {{ ref('int_repositories_current') }}

),

repository_versions as (

    select * from {{ ref('stg_repositories') }}

),

-- By all versions, so that a correction does not make a repository look newer than it is.
first_known as (

    select
        repository,
        min(_loaded_at) as known_since
    from repository_versions
    group by repository

),

repositories_with_validity as (

    select
        repositories.repository,
        repositories.valid_from,
        lead(repositories.valid_from) over (
            partition by repositories.repository
            order by repositories.valid_from
        ) as valid_to,
        first_known.known_since,
        repositories.team,
        repositories.service,
        repositories.service_rules,
        repositories.tier,
        repositories.default_branch,
        coalesce(repositories.is_active, true) as is_active,
        repositories.provider,
        repositories.is_simulated,
        repositories._event_id
    from repositories
    inner join first_known
        on repositories.repository = first_known.repository

)

select * from repositories_with_validity
