-- One row per version of a pull request that was loaded.
with source as (

    {{ committed_rows('pull_requests') }}

),

renamed as (

    select
        provider,
        repository,
        number,
        title_sha256,
        author_type,
        is_draft,
        base_branch,
        opened_at,
        ready_for_review_at,
        first_review_at,
        approved_at,
        merged_at,
        closed_at,
        merge_commit_sha,
        additions,
        deletions,
        changed_files,
        run_id,
        run_attempt,
        job,

        -- A provider's record has reviews and commits only if its timeline was collected; who knows them otherwise sends
        -- events of the hub's own.
        case when _format = 'hub' then 'pipeline' else 'api' end as reported_by,
        {{ is_simulated('repository') }} as is_simulated,

        _load_id,
        _generation,
        _event_id,
        _source_line,
        _contract,
        _emitted_at,
        _loaded_at,
        _committed_at
    from source

)

select * from renamed
