-- One row per production deployment that went live (deployment_key), with the time for which it was what users met.
{{ config(materialized='table') }}

with deployments as (

    select * from {{ ref('int_deployments_sequenced') }}
    where is_live and is_production

),

spans as (

    select
        deployment_key,
        repository,
        service,
        environment,
        artifact_digest,
        deployed_at as live_from,
        lead(deployed_at) over (
            partition by repository, service, environment
            order by deployed_at, started_at, deployment_key
        ) as superseded_at,
        is_simulated
    from deployments
    where deployed_at <= {{ as_of() }}

),

live_spans as (

    select
        *,
        coalesce(superseded_at, {{ as_of() }}) as live_until
    from spans

)

select * from live_spans
