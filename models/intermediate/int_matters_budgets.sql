-- One row per repository that has spent the error budget of its deployments.
with error_budgets as (

    select * from {{ ref('error_budgets') }}
    where
        is_newest
        and budget_status = 'spent'
        -- What users feel; the budgets of runs are the pipeline's own business, and in `error_budgets`.
        and sli = 'deployment_success_ratio'

),

-- A week in which so much failed says it better.
failing_repositories as (

    select repository
    from {{ ref('int_matters_delivery') }}
    where kind = 'failing_deployments'

),

-- Spent beyond chance: also the lower end of the Wilson band is more than is allowed.
spent_budgets as (

    select
        'spent_error_budget' as kind,
        error_budgets.repository,
        error_budgets.repository as subject,
        error_budgets.is_simulated,
        {{ moment_plus('error_budgets.evaluated_at', -30, 'day') }} as since_at,
        cast(error_budgets.bad_event_count as {{ type_double() }}) as size_value,
        'failed deployments' as size_unit,
        error_budgets.consumed_ratio as times_allowed,
        {{ whole('error_budgets.bad_event_count') }} || ' of ' || {{ whole('error_budgets.event_count') }}
        || ' deployments of ' || error_budgets.repository
        || ' failed their users within 30 days: more than was agreed, so what is risky has to wait.' as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        cast(null as {{ dbt.type_string() }}) as owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'error_budgets' as source_mart,
        {{ filter_text({'repository': 'error_budgets.repository', 'sli': 'error_budgets.sli'}) }}
        || ' and is_newest' as source_filter
    from error_budgets
    left join failing_repositories on error_budgets.repository = failing_repositories.repository
    where
        failing_repositories.repository is null
        and {{ wilson_lower('error_budgets.bad_event_count', 'error_budgets.event_count') }}
        > 1 - error_budgets.target_ratio

)

select * from spent_budgets
