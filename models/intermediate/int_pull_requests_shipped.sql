-- One row per merged pull request that a production deployment brought to users, with the first that brought it whole.
{{ config(materialized='table') }}

with merged_pull_requests as (

    select * from {{ ref('int_pull_requests_joined') }}
    where merged_at is not null

),

pull_request_commits as (

    select distinct
        provider,
        repository,
        number,
        commit_sha
    from {{ ref('int_pull_request_commits_current') }}

),

-- In a monorepo a commit ships with several services: users met it with the first of them.
first_shipments as (

    select
        repository,
        commit_sha,
        deployment_key,
        deployed_at
    from {{ ref('int_deployment_commits_shipped') }}
    qualify row_number() over (
        partition by repository, commit_sha
        order by deployed_at, deployment_key
    ) = 1

),

shipped_by_merge_commit as (

    select
        merged_pull_requests.provider,
        merged_pull_requests.repository,
        merged_pull_requests.number,
        first_shipments.deployment_key,
        first_shipments.deployed_at,
        'merge_commit' as shipped_by
    from merged_pull_requests
    inner join first_shipments
        on
            merged_pull_requests.repository = first_shipments.repository
            and merged_pull_requests.merge_commit_sha = first_shipments.commit_sha

),

commit_shipments as (

    select
        pull_request_commits.provider,
        pull_request_commits.repository,
        pull_request_commits.number,
        first_shipments.deployment_key,
        first_shipments.deployed_at,
        row_number() over (
            partition by pull_request_commits.provider, pull_request_commits.repository, pull_request_commits.number
            order by
                case when first_shipments.deployment_key is null then 0 else 1 end,
                first_shipments.deployed_at desc,
                first_shipments.deployment_key desc
        ) as place
    from pull_request_commits
    left join first_shipments
        on
            pull_request_commits.repository = first_shipments.repository
            and pull_request_commits.commit_sha = first_shipments.commit_sha

),

-- Where nobody lists the merge itself: it is whole with the last of its commits, and only if all of them shipped.
shipped_by_commits as (

    select
        merged_pull_requests.provider,
        merged_pull_requests.repository,
        merged_pull_requests.number,
        commit_shipments.deployment_key,
        commit_shipments.deployed_at,
        'commits' as shipped_by
    from merged_pull_requests
    inner join commit_shipments
        on
            merged_pull_requests.provider = commit_shipments.provider
            and merged_pull_requests.repository = commit_shipments.repository
            and merged_pull_requests.number = commit_shipments.number
    -- A commit that did not ship stands in the first place.
    where commit_shipments.place = 1 and commit_shipments.deployment_key is not null

),

all_shipments as (

    select * from shipped_by_merge_commit
    union all
    select * from shipped_by_commits

),

shipped_pull_requests as (

    select * from all_shipments
    qualify row_number() over (
        partition by provider, repository, number
        order by case when shipped_by = 'merge_commit' then 0 else 1 end
    ) = 1

)

select * from shipped_pull_requests
