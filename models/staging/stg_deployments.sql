-- One row per version of a deployment that was loaded.
with source as (

    {{ committed_rows('deployments') }}

),

renamed as (

    select
        provider,
        deployment_id,
        repository,
        service,
        environment,
        is_production,
        status,
        status_original,
        artifact_digest,
        version,
        ref,
        commit_sha,
        strategy,
        created_at,
        started_at,
        finished_at,
        is_rollback,
        is_hotfix,
        is_unplanned,
        fixes_deployment_id,
        incident_id,
        why_counted,
        actor_type,
        run_id,
        run_attempt,
        job,

        -- Some APIs keep the deployment apart from its status; a pipeline knows what no API does.
        case
            when _format = 'hub' then 'pipeline'
            when status_original is null then 'api'
            else 'api_status'
        end as reported_by,
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
