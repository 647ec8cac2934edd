-- One row per commit that a deployment brings, of its parent's newest version.
with deployment_commits as (

    select * from {{ ref('stg_deployment_commits') }}

),

deployments_current as (

    select * from {{ ref('int_deployments_current') }}

),

-- Children follow their parent's winning event: one that a correction left out must not live on.
current_deployment_commits as (

    select deployment_commits.*
    from deployment_commits
    inner join deployments_current
        on deployment_commits._event_id = deployments_current._event_id

)

select * from current_deployment_commits
