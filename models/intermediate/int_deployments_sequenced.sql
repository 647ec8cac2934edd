-- One row per deployment that is no repeat of another, with what was live before it.
{{ config(materialized='table') }}

with deployments as (

    select * from {{ ref('int_deployments_deduplicated') }}
    where not is_repeat

),

sequenced_deployments as (

    select
        deployments.*,
        last_value(case when is_live then deployment_key end ignore nulls) over (
            partition by repository, service, environment
            order by deployed_at, started_at, deployment_key
            rows between unbounded preceding and 1 preceding
        ) as predecessor_key,
        -- What an unlinked repair repairs: a rollback is not what went wrong.
        last_value(case when is_live and not is_rollback then deployment_key end ignore nulls) over (
            partition by repository, service, environment
            order by deployed_at, started_at, deployment_key
            rows between unbounded preceding and 1 preceding
        ) as last_change_key
    from deployments

)

select * from sequenced_deployments
