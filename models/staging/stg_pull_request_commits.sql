-- One row per commit of a version of a pull request.
with source as (

    {{ committed_rows('pull_request_commits') }}

),

renamed as (

    select
        provider,
        repository,
        number,
        opened_at,
        ordinal,
        commit_sha,
        authored_at,
        committed_at,
        author_type,

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
