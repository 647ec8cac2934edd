-- One row per repository, metric that adds up over repositories, and week (Monday to Sunday, UTC) in which something was counted.
with test_health as (

    select * from {{ ref('test_health') }}

),

-- A week is what its newest full report of each target says, as on the scorecard.
newest_target_days as (

    select
        {{ week_of('generated_date') }} as week_start_date,
        repository,
        detected_mutant_count,
        valid_mutant_count
    from {{ ref('mutation_effectiveness') }}
    where mutation_run_id is not null and scope <> 'diff'
    qualify row_number() over (
        partition by repository, target, {{ week_of('generated_date') }}
        order by generated_date desc, scope
    ) = 1

),

flake_tax as (

    select * from {{ ref('flake_tax') }}
    where flaky_rerun_ms is not null and job_ms is not null

),

determinism as (

    select * from {{ ref('determinism') }}

),

releases as (

    select releases.*
    from {{ ref('releases') }} as releases
    inner join {{ ref('int_assurance_starts') }} as assurance_starts
        on
            releases.is_simulated = assurance_starts.is_simulated
            and assurance_starts.assurance = 'verification'
            and releases.deployment_started_at > assurance_starts.first_used_at

),

policy_compliance as (

    select * from {{ ref('policy_compliance') }}

),

deployment_trust as (

    select * from {{ ref('deployment_trust') }}

),

exploitable_exposure as (

    select * from {{ ref('exploitable_exposure') }}
    where exploitable_exposure_days is not null

),

chaos_experiments as (

    select
        coalesce(repository, '(none)') as repository,
        week_start_date,
        recovered_experiment_count,
        counted_experiment_count
    from {{ ref('chaos_experiments') }}
    where is_counted

),

cache_integrity as (

    select * from {{ ref('cache_integrity') }}

),

cost_and_carbon as (

    select * from {{ ref('cost_and_carbon') }}

),

forecasts as (

    select * from {{ ref('job_duration_forecast_by_day') }}

),

summed_weeks as (

    select
        'test_pass_ratio' as metric_id,
        repository,
        {{ week_of('started_date') }} as week_start_date,
        cast(sum(passed_test_count) as {{ type_double() }}) as numerator,
        cast(sum(executed_test_count) as {{ type_double() }}) as denominator
    from test_health
    group by 1, 2, 3
    union all
    select
        'flake_ratio' as metric_id,
        repository,
        {{ week_of('started_date') }} as week_start_date,
        cast(sum(flaky_commit_count) as {{ type_double() }}) as numerator,
        cast(sum(repeated_commit_count) as {{ type_double() }}) as denominator
    from test_health
    group by 1, 2, 3
    union all
    select
        'mutation_score' as metric_id,
        repository,
        week_start_date,
        cast(sum(detected_mutant_count) as {{ type_double() }}) as numerator,
        cast(sum(valid_mutant_count) as {{ type_double() }}) as denominator
    from newest_target_days
    group by 1, 2, 3
    union all
    select
        'flake_tax_ratio' as metric_id,
        repository,
        week_start_date,
        cast(flaky_rerun_ms as {{ type_double() }}) as numerator,
        cast(job_ms as {{ type_double() }}) as denominator
    from flake_tax
    union all
    select
        'reproducible_ratio' as metric_id,
        repository,
        {{ week_of('checked_date') }} as week_start_date,
        cast(sum(identical_check_count) as {{ type_double() }}) as numerator,
        cast(sum(compared_check_count) as {{ type_double() }}) as denominator
    from determinism
    group by 1, 2, 3
    union all
    select
        'evidence_completeness_ratio' as metric_id,
        repository,
        {{ week_of('deployment_started_at') }} as week_start_date,
        cast(sum(verified_at_deployment_count) as {{ type_double() }}) as numerator,
        cast(sum(required_at_deployment_count) as {{ type_double() }}) as denominator
    from releases
    group by 1, 2, 3
    union all
    select
        'policy_compliance_ratio' as metric_id,
        repository,
        {{ week_of('decided_date') }} as week_start_date,
        cast(sum(allowed_count) as {{ type_double() }}) as numerator,
        cast(sum(decided_count) as {{ type_double() }}) as denominator
    from policy_compliance
    group by 1, 2, 3
    union all
    select
        'verified_deployment_ratio' as metric_id,
        repository,
        week_start_date,
        cast(verified_deployment_count as {{ type_double() }}) as numerator,
        cast(judged_deployment_count as {{ type_double() }}) as denominator
    from deployment_trust
    union all
    select
        'resilience_ratio' as metric_id,
        repository,
        week_start_date,
        cast(sum(recovered_experiment_count) as {{ type_double() }}) as numerator,
        cast(sum(counted_experiment_count) as {{ type_double() }}) as denominator
    from chaos_experiments
    group by 1, 2, 3
    union all
    select
        'cache_integrity_ratio' as metric_id,
        repository,
        {{ week_of('checked_date') }} as week_start_date,
        cast(sum(intact_check_count) as {{ type_double() }}) as numerator,
        cast(sum(check_count) as {{ type_double() }}) as denominator
    from cache_integrity
    group by 1, 2, 3
    union all
    select
        'cost_per_successful_run' as metric_id,
        repository,
        {{ week_of('started_date') }} as week_start_date,
        cast(sum(cost_usd) as {{ type_double() }}) as numerator,
        cast(sum(costed_succeeded_run_count) as {{ type_double() }}) as denominator
    from cost_and_carbon
    group by 1, 2, 3
    union all
    select
        'carbon_per_run' as metric_id,
        repository,
        {{ week_of('started_date') }} as week_start_date,
        cast(sum(carbon_g_co2e) as {{ type_double() }}) as numerator,
        cast(sum(carbon_run_count) as {{ type_double() }}) as denominator
    from cost_and_carbon
    group by 1, 2, 3
    union all
    select
        'waste_ratio' as metric_id,
        repository,
        {{ week_of('started_date') }} as week_start_date,
        cast(sum(waste_ms) as {{ type_double() }}) as numerator,
        cast(sum(job_ms) as {{ type_double() }}) as denominator
    from cost_and_carbon
    group by 1, 2, 3
    union all
    select
        'forecast_error' as metric_id,
        repository,
        {{ week_of('began_date') }} as week_start_date,
        cast(sum(forecast_error_sum) as {{ type_double() }}) as numerator,
        cast(sum(judged_execution_count) as {{ type_double() }}) as denominator
    from forecasts
    group by 1, 2, 3

),

metric_weeks as (

    select
        metric_id,
        repository,
        week_start_date,
        numerator,
        denominator
    from summed_weeks
    -- Runs that cost and did not succeed belong to the fleet's cost: nothing divides by them here, and they are not lost.
    where denominator > 0 or numerator > 0
    union all
    -- Counts: they have no denominator, and zero is told from unknown by somebody having looked.
    select
        'bypass_count' as metric_id,
        repository,
        {{ week_of('decided_date') }} as week_start_date,
        cast(sum(bypass_count) as {{ type_double() }}) as numerator,
        cast(null as {{ type_double() }}) as denominator
    from policy_compliance
    where deployment_count > 0
    group by 1, 2, 3
    union all
    select
        'exploitable_exposure_days' as metric_id,
        repository,
        week_start_date,
        exploitable_exposure_days as numerator,
        cast(null as {{ type_double() }}) as denominator
    from exploitable_exposure

)

select * from metric_weeks
