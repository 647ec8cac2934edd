-- One row per committed load, in its newest generation.
with source as (

    select * from {{ source('raw', 'loads') }}

),

renamed as (

    select
        load_id,
        generation,
        content_sha256,
        source_name,
        source_bytes,
        source_modified_at,
        format,
        topics,
        contracts,
        event_count,
        loaded_event_count,
        rejected_event_count,
        duplicate_event_count,
        started_at,
        loaded_at,
        committed_at,
        loader_version,
        reader_version,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        context_source,
        submitted_by
    from source
    -- A reload supersedes: only its newest generation counts.
    qualify generation = max(generation) over (partition by load_id)

)

select * from renamed
