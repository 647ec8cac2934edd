-- One row per repository × workflow × day on which the final attempts of its runs started.
{{ config(partition_by=partitioned_by('started_date')) }}

with single_attempts as (

    select * from {{ ref('int_pipeline_runs_costed') }}
    where is_final_attempt and run_attempt = 1

),

repeated_attempts as (

    select * from {{ ref('int_pipeline_runs_costed') }}
    where not is_final_attempt or run_attempt > 1

),

cache_hits as (

    select * from {{ ref('int_cache_hits_valued') }}

),

-- Most runs have one attempt, which says it all.
runs_of_one_attempt as (

    select
        repository,
        workflow,
        started_date,
        run_status,
        1 as attempt_count,
        case when job_ms is not null then 1 else 0 end as timed_attempt_count,
        job_ms,
        cast(null as {{ dbt.type_bigint() }}) as superseded_job_ms,
        cost_usd is not null as has_cost,
        modelled_cost_usd is not null as has_modelled_cost,
        cost_usd,
        modelled_cost_usd,
        cast(null as {{ type_double() }}) as superseded_cost_usd,
        energy_kwh,
        carbon_g_co2e is not null as has_carbon,
        modelled_carbon_g_co2e is not null as has_modelled_carbon,
        carbon_g_co2e,
        modelled_carbon_g_co2e,
        cast(null as {{ type_double() }}) as superseded_carbon_g_co2e,
        grid_intensity_date as oldest_grid_intensity_date
    from single_attempts

),

-- Of the others, what a run cost is known only if that of each of its attempts is.
runs_of_several_attempts as (

    select
        repository,
        max(case when is_final_attempt then workflow end) as workflow,
        max(case when is_final_attempt then started_date end) as started_date,
        max(case when is_final_attempt then run_status end) as run_status,
        count(*) as attempt_count,
        count(job_ms) as timed_attempt_count,
        sum(job_ms) as job_ms,
        sum(case when not is_final_attempt then job_ms end) as superseded_job_ms,
        count(*) = count(cost_usd) as has_cost,
        count(modelled_cost_usd) > 0 as has_modelled_cost,
        sum(cost_usd) as cost_usd,
        sum(modelled_cost_usd) as modelled_cost_usd,
        sum(case when not is_final_attempt then cost_usd end) as superseded_cost_usd,
        sum(energy_kwh) as energy_kwh,
        count(*) = count(carbon_g_co2e) as has_carbon,
        count(modelled_carbon_g_co2e) > 0 as has_modelled_carbon,
        sum(carbon_g_co2e) as carbon_g_co2e,
        sum(modelled_carbon_g_co2e) as modelled_carbon_g_co2e,
        sum(case when not is_final_attempt then carbon_g_co2e end) as superseded_carbon_g_co2e,
        min(grid_intensity_date) as oldest_grid_intensity_date
    from repeated_attempts
    group by provider, repository, run_id

),

runs as (

    select * from runs_of_one_attempt
    union all
    select * from runs_of_several_attempts

),

workflow_days as (

    select
        repository,
        workflow,
        started_date,
        count(*) as run_count,
        cast(sum(attempt_count) as {{ dbt.type_bigint() }}) as attempt_count,

        count(case when has_cost then 1 end) as costed_run_count,
        count(case when has_cost and has_modelled_cost then 1 end) as modelled_cost_run_count,
        count(case when not has_cost then 1 end) as uncosted_run_count,
        count(case when has_cost and run_status = 'success' then 1 end) as costed_succeeded_run_count,
        sum(case when has_cost then cost_usd end) as cost_usd,
        sum(case when has_cost then coalesce(modelled_cost_usd, 0) end) as modelled_cost_usd,
        sum(case when has_cost then coalesce(superseded_cost_usd, 0) end) as waste_usd,

        cast(sum(attempt_count - timed_attempt_count) as {{ dbt.type_bigint() }}) as untimed_attempt_count,
        cast(sum(job_ms) as {{ dbt.type_bigint() }}) as job_ms,
        cast(
            case when sum(timed_attempt_count) > 0 then coalesce(sum(superseded_job_ms), 0) end
            as {{ dbt.type_bigint() }}
        ) as waste_ms,

        sum(energy_kwh) as energy_kwh,
        count(case when has_carbon then 1 end) as carbon_run_count,
        count(case when has_carbon and has_modelled_carbon then 1 end) as modelled_carbon_run_count,
        count(case when not has_carbon then 1 end) as uncounted_carbon_run_count,
        sum(case when has_carbon then carbon_g_co2e end) as carbon_g_co2e,
        sum(case when has_carbon then coalesce(modelled_carbon_g_co2e, 0) end) as modelled_carbon_g_co2e,
        sum(case when has_carbon then coalesce(superseded_carbon_g_co2e, 0) end) as waste_g_co2e,
        min(case when has_carbon then oldest_grid_intensity_date end) as oldest_grid_intensity_date
    from runs
    group by repository, workflow, started_date

),

-- By the day of the jobs: where it has no final attempt, the row has no runs.
workflow_day_caches as (

    select
        repository,
        workflow,
        started_date,
        cast(sum(hit_count) as {{ dbt.type_bigint() }}) as cache_hit_count,
        cast(sum(miss_count) as {{ dbt.type_bigint() }}) as cache_miss_count,
        cast(sum(valued_hit_count) as {{ dbt.type_bigint() }}) as valued_cache_hit_count,
        sum(saved_ms) as cache_saved_ms
    from cache_hits
    group by repository, workflow, started_date

),

known_days as (

    select
        repository,
        workflow,
        started_date
    from workflow_days
    union distinct
    select
        repository,
        workflow,
        started_date
    from workflow_day_caches

)

select
    known_days.repository,
    known_days.workflow,
    known_days.started_date,
    coalesce(workflow_days.run_count, 0) as run_count,
    coalesce(workflow_days.attempt_count, 0) as attempt_count,
    coalesce(workflow_days.costed_run_count, 0) as costed_run_count,
    coalesce(workflow_days.modelled_cost_run_count, 0) as modelled_cost_run_count,
    coalesce(workflow_days.uncosted_run_count, 0) as uncosted_run_count,
    coalesce(workflow_days.costed_succeeded_run_count, 0) as costed_succeeded_run_count,
    workflow_days.cost_usd,
    workflow_days.modelled_cost_usd,
    {{ safe_ratio('workflow_days.modelled_cost_usd', 'workflow_days.cost_usd') }} as modelled_cost_share,
    {{ safe_ratio('workflow_days.cost_usd', 'workflow_days.costed_run_count') }} as cost_per_run_usd,
    {{ safe_ratio('workflow_days.cost_usd', 'workflow_days.costed_succeeded_run_count') }}
        as cost_per_successful_run_usd,
    workflow_days.waste_usd,
    coalesce(workflow_days.untimed_attempt_count, 0) as untimed_attempt_count,
    workflow_days.job_ms,
    workflow_days.waste_ms,
    {{ safe_ratio('workflow_days.waste_ms', 'workflow_days.job_ms') }} as waste_ratio,
    workflow_days.energy_kwh,
    coalesce(workflow_days.carbon_run_count, 0) as carbon_run_count,
    coalesce(workflow_days.modelled_carbon_run_count, 0) as modelled_carbon_run_count,
    coalesce(workflow_days.uncounted_carbon_run_count, 0) as uncounted_carbon_run_count,
    workflow_days.carbon_g_co2e,
    workflow_days.modelled_carbon_g_co2e,
    {{ safe_ratio('workflow_days.modelled_carbon_g_co2e', 'workflow_days.carbon_g_co2e') }} as modelled_carbon_share,
    {{ safe_ratio('workflow_days.carbon_g_co2e', 'workflow_days.carbon_run_count') }} as carbon_per_run_g_co2e,
    workflow_days.waste_g_co2e,
    workflow_days.oldest_grid_intensity_date,
    coalesce(workflow_day_caches.cache_hit_count, 0) as cache_hit_count,
    coalesce(workflow_day_caches.cache_miss_count, 0) as cache_miss_count,
    coalesce(workflow_day_caches.valued_cache_hit_count, 0) as valued_cache_hit_count,
    workflow_day_caches.cache_saved_ms,
    {{ is_simulated('known_days.repository') }} as is_simulated
from known_days
left join workflow_days
    on
        known_days.repository = workflow_days.repository
        and known_days.workflow = workflow_days.workflow
        and known_days.started_date = workflow_days.started_date
left join workflow_day_caches
    on
        known_days.repository = workflow_day_caches.repository
        and known_days.workflow = workflow_day_caches.workflow
        and known_days.started_date = workflow_day_caches.started_date
