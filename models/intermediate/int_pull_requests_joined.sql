-- One row per pull request (provider, repository, number), put together from those who report it.
with pull_request_reports as (

    select * from {{ ref('int_pull_requests_current') }}

),

known_pull_requests as (

    select distinct
        provider,
        repository,
        number
    from pull_request_reports

),

emitted as (

    select * from pull_request_reports
    where reported_by = 'pipeline'

),

records as (

    select * from pull_request_reports
    where reported_by = 'api'

),

-- The provider's record decides what became of it; of reviews it may say nothing, and who sends them knows best.
joined_pull_requests as (

    select
        known_pull_requests.provider,
        known_pull_requests.repository,
        known_pull_requests.number,
        coalesce(records.author_type, emitted.author_type, 'unknown') as author_type,
        coalesce(records.base_branch, emitted.base_branch) as base_branch,
        coalesce(records.opened_at, emitted.opened_at) as opened_at,
        coalesce(emitted.ready_for_review_at, records.ready_for_review_at) as ready_for_review_at,
        coalesce(emitted.first_review_at, records.first_review_at) as first_review_at,
        coalesce(emitted.approved_at, records.approved_at) as approved_at,
        coalesce(records.merged_at, emitted.merged_at) as merged_at,
        coalesce(records.closed_at, emitted.closed_at) as closed_at,
        coalesce(records.merge_commit_sha, emitted.merge_commit_sha) as merge_commit_sha,
        coalesce(records.additions, emitted.additions) as additions,
        coalesce(records.deletions, emitted.deletions) as deletions,
        coalesce(records.changed_files, emitted.changed_files) as changed_files,
        coalesce(records.is_simulated, emitted.is_simulated) as is_simulated,

        coalesce(records._load_id, emitted._load_id) as _load_id,
        coalesce(records._source_line, emitted._source_line) as _source_line,
        coalesce(records._event_id, emitted._event_id) as _event_id
    from known_pull_requests
    left join emitted
        on
            known_pull_requests.provider = emitted.provider
            and known_pull_requests.repository = emitted.repository
            and known_pull_requests.number = emitted.number
    left join records
        on
            known_pull_requests.provider = records.provider
            and known_pull_requests.repository = records.repository
            and known_pull_requests.number = records.number

)

select * from joined_pull_requests
