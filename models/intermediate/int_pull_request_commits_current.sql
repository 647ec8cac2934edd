-- One row per commit of a pull request's newest version, of each reporter.
with pull_request_commits as (

    select * from {{ ref('stg_pull_request_commits') }}

),

pull_requests_current as (

    select * from {{ ref('int_pull_requests_current') }}

),

-- Children follow their parent's winning event: one that a correction left out must not live on.
current_pull_request_commits as (

    select pull_request_commits.*
    from pull_request_commits
    inner join pull_requests_current
        on pull_request_commits._event_id = pull_requests_current._event_id

)

select * from current_pull_request_commits
