-- One row per change: a merged pull request (provider, repository, number), with the deployment that brought it to users.
with merged_pull_requests as (

    select * from {{ ref('int_pull_requests_joined') }}
    where merged_at is not null

),

pull_request_commits as (

    select * from {{ ref('int_pull_request_commits_current') }}

),

shipped_pull_requests as (

    select * from {{ ref('int_pull_requests_shipped') }}

),

deployments as (

    select * from {{ ref('deployments') }}

),

-- Writing begins when the oldest content was written: a rebase moves `committed_at`.
pull_request_beginnings as (

    select
        provider,
        repository,
        number,
        count(distinct commit_sha) as commit_count,
        min(coalesce(authored_at, committed_at)) as first_commit_at
    from pull_request_commits
    group by provider, repository, number

),

changes as (

    select
        merged_pull_requests.provider,
        merged_pull_requests.repository,
        merged_pull_requests.number as pull_request_number,
        merged_pull_requests.author_type,
        merged_pull_requests.base_branch,
        deployments.service,
        deployments.provider as deployment_provider,
        deployments.deployment_id,
        deployments.deployment_id is not null as is_deployed,
        shipped_pull_requests.shipped_by,

        pull_request_beginnings.first_commit_at,
        merged_pull_requests.opened_at,
        -- Who was never a draft is ready when opened; a provider that does not say gets the same, and it is flagged.
        coalesce(merged_pull_requests.ready_for_review_at, merged_pull_requests.opened_at) as ready_for_review_at,
        merged_pull_requests.ready_for_review_at is null as is_ready_assumed_at_opening,
        merged_pull_requests.first_review_at,
        merged_pull_requests.approved_at,
        merged_pull_requests.merged_at,
        cast(merged_pull_requests.merged_at as date) as merged_date,
        deployments.started_at as deployment_started_at,
        deployments.finished_at as deployment_finished_at,
        deployments.predecessor_deployment_id is not null as has_predecessor,

        coalesce(pull_request_beginnings.commit_count, 0) as commit_count,
        merged_pull_requests.additions,
        merged_pull_requests.deletions,
        merged_pull_requests.changed_files,
        {{ team_and_tier('merged_pull_requests') }},
        merged_pull_requests.is_simulated,
        merged_pull_requests._load_id,
        merged_pull_requests._source_line
    from merged_pull_requests
    left join pull_request_beginnings
        on
            merged_pull_requests.provider = pull_request_beginnings.provider
            and merged_pull_requests.repository = pull_request_beginnings.repository
            and merged_pull_requests.number = pull_request_beginnings.number
    left join shipped_pull_requests
        on
            merged_pull_requests.provider = shipped_pull_requests.provider
            and merged_pull_requests.repository = shipped_pull_requests.repository
            and merged_pull_requests.number = shipped_pull_requests.number
    left join deployments
        on shipped_pull_requests.deployment_key = deployments.provider || ':' || deployments.deployment_id
    {{ join_catalogue_entry('merged_pull_requests', 'merged_at') }}

),

changes_with_stages as (

    select
        changes.*,
        {{ span_ms('first_commit_at', 'ready_for_review_at') }} as coding_ms,
        {{ span_unmeasured_reason('first_commit_at', 'ready_for_review_at') }} as coding_unmeasured_reason,
        {{ span_ms('ready_for_review_at', 'first_review_at') }} as pickup_ms,
        {{ span_unmeasured_reason('ready_for_review_at', 'first_review_at') }} as pickup_unmeasured_reason,
        {{ span_ms('first_review_at', 'approved_at') }} as review_ms,
        {{ span_unmeasured_reason('first_review_at', 'approved_at') }} as review_unmeasured_reason,
        {{ span_ms('approved_at', 'merged_at') }} as merge_ms,
        {{ span_unmeasured_reason('approved_at', 'merged_at') }} as merge_unmeasured_reason,

        -- A first deployment ships the whole history: that it was not there before is no waiting.
        case
            when has_predecessor then {{ span_ms('merged_at', 'deployment_finished_at') }}
        end as deploy_ms,
        case
            when not is_deployed then 'not_deployed'
            when not has_predecessor then 'no_predecessor'
            else {{ span_unmeasured_reason('merged_at', 'deployment_finished_at') }}
        end as deploy_unmeasured_reason
    from changes

),

measured_changes as (

    select
        provider,
        repository,
        pull_request_number,
        author_type,
        base_branch,
        service,
        deployment_provider,
        deployment_id,
        is_deployed,
        shipped_by,

        first_commit_at,
        opened_at,
        ready_for_review_at,
        is_ready_assumed_at_opening,
        first_review_at,
        approved_at,
        merged_at,
        merged_date,
        deployment_started_at,
        deployment_finished_at,
        cast(deployment_finished_at as date) as deployed_date,

        coding_ms,
        coding_unmeasured_reason,
        pickup_ms,
        pickup_unmeasured_reason,
        review_ms,
        review_unmeasured_reason,
        merge_ms,
        merge_unmeasured_reason,
        deploy_ms,
        deploy_unmeasured_reason,
        case
            when deploy_ms is not null then {{ span_ms('merged_at', 'deployment_started_at') }}
        end as deploy_idle_ms,

        {{ one_if('coding_ms is not null') }}
        + {{ one_if('pickup_ms is not null') }}
        + {{ one_if('review_ms is not null') }}
        + {{ one_if('merge_ms is not null') }}
        + {{ one_if('deploy_ms is not null') }} as measured_stage_count,
        case
            when deploy_ms is not null
                then
                    coalesce(coding_ms, 0)
                    + coalesce(pickup_ms, 0)
                    + coalesce(review_ms, 0)
                    + coalesce(merge_ms, 0)
                    + deploy_ms
        end as measured_stages_ms,
        case
            when deploy_ms is not null then {{ span_ms('first_commit_at', 'deployment_finished_at') }}
        end as total_ms,

        commit_count,
        additions,
        deletions,
        changed_files,
        team,
        tier,
        is_simulated,
        _load_id,
        _source_line
    from changes_with_stages

)

select * from measured_changes
