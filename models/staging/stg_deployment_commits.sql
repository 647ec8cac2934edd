-- One row per commit of a version of a deployment.
with source as (

    {{ committed_rows('deployment_commits') }}

),

renamed as (

    select
        provider,
        deployment_id,
        started_at,
        ordinal,
        commit_sha,
        committed_at,
        authored_at,
        actor_type,

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
