-- One row per attempt of a pipeline run (provider, repository, run_id, run_attempt), with what it cost and emitted.
{{ config(
    materialized='incremental',
    incremental_strategy=replacing_dates(),
    partition_by=partitioned_by('started_date'),
    on_schema_change='append_new_columns'
) }}
{%- set dates = dates_of_changed_runs(meanings={'_prices_fingerprint': prices_fingerprint()}) %}
{{ says_dates('started_date', dates) }}

with attempts as (

    select * from {{ ref('pipeline_runs') }}
    where {{ in_dates('started_date', dates) }}

),

priced_jobs as (

    {{ priced_jobs_of_dates(dates) }}

),

job_costs as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        -- One job without a cost, and that of the attempt is not known: what is left would be too little.
        case when count(*) = count(cost_usd) then sum(cost_usd) end as modelled_cost_usd
    from priced_jobs
    group by provider, repository, run_id, run_attempt

),

grid_intensity as (

    select * from {{ ref('int_grid_intensity') }}

),

region_days as (

    select distinct
        region,
        started_date
    from attempts
    where energy_kwh is not null and region is not null

),

region_day_intensities as (

    select
        region_days.region,
        region_days.started_date,
        grid_intensity.g_co2e_per_kwh,
        grid_intensity.from_date
    from region_days
    inner join grid_intensity
        on
            region_days.region = grid_intensity.region
            and grid_intensity.from_date <= region_days.started_date
    qualify row_number() over (
        partition by region_days.region, region_days.started_date
        order by grid_intensity.from_date desc
    ) = 1

),

costed_attempts as (

    select
        attempts.provider,
        attempts.repository,
        attempts.run_id,
        attempts.run_attempt,
        attempts.is_final_attempt,
        attempts.workflow,
        attempts.commit_sha,
        attempts.started_date,
        attempts.started_at,
        attempts.run_status,
        attempts.is_simulated,
        attempts.job_ms,
        attempts.cost_usd as measured_cost_usd,
        case
            when attempts.cost_usd is null and attempts.run_status <> 'running' then job_costs.modelled_cost_usd
        end as modelled_cost_usd,
        attempts.energy_kwh,
        attempts.carbon_g_co2e as measured_carbon_g_co2e,
        case
            when attempts.carbon_g_co2e is null
                then attempts.energy_kwh * region_day_intensities.g_co2e_per_kwh
        end as modelled_carbon_g_co2e,
        case
            when attempts.carbon_g_co2e is null and attempts.energy_kwh is not null
                then region_day_intensities.from_date
        end as grid_intensity_date,
        attempts._seen_change,
        attempts._words_fingerprint,
        {{ prices_fingerprint() }} as _prices_fingerprint
    from attempts
    left join job_costs
        on
            attempts.provider = job_costs.provider
            and attempts.repository = job_costs.repository
            and attempts.run_id = job_costs.run_id
            and attempts.run_attempt = job_costs.run_attempt
    left join region_day_intensities
        on
            attempts.region = region_day_intensities.region
            and attempts.started_date = region_day_intensities.started_date

)

select
    *,
    coalesce(measured_cost_usd, modelled_cost_usd) as cost_usd,
    case
        when measured_cost_usd is not null then 'measured'
        when modelled_cost_usd is not null then 'modelled'
        else 'unknown'
    end as cost_method,
    coalesce(measured_carbon_g_co2e, modelled_carbon_g_co2e) as carbon_g_co2e,
    case
        when measured_carbon_g_co2e is not null then 'measured'
        when modelled_carbon_g_co2e is not null then 'modelled'
        else 'unknown'
    end as carbon_method
from costed_attempts
{{ in_order_of('started_date') }}
