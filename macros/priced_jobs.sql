{#
    The jobs of the runs that started on these dates, priced, for a model that makes anew what lies on them; all
    jobs where the dates are none.
#}
{% macro priced_jobs_of_dates(dates) %}
    {#- While dbt looks for dependencies, both ways are gone. -#}
    {%- set all_jobs = ref('int_pipeline_jobs_priced') -%}
    {%- if execute and dates is none -%}
        select * from {{ all_jobs }}
    {%- else -%}
        {{ priced_jobs(dates) }}
    {%- endif -%}
{% endmacro %}


{# Jobs priced by their minutes: the body of `int_pipeline_jobs_priced`. #}
{% macro priced_jobs(dates=none) %}
with jobs as (

    select
        provider,
        repository,
        run_id,
        run_attempt,
        job_id,
        ordinal,
        started_date,
        job_status,
        duration_ms,
        -- Asked for no machine, or left the queue before it got one.
        coalesce(duration_ms, 0) = 0
        and job_status in ('skipped', 'canceled')
        and started_at is null as has_used_nothing,
        coalesce(runner_label, machine_class) as runner_label,
        coalesce(
            runner_type,
            case when runner_label like '%self-hosted%' then 'self-hosted' else 'hosted' end
        ) as runner_type
    from {{ ref('pipeline_jobs') }}
    where
        not is_carried_over
        and {{ in_dates('partition_date', dates) }}

),

rates as (

    select * from {{ ref('int_runner_rates') }}

),

runner_days as (

    select distinct
        provider,
        runner_type,
        runner_label,
        started_date
    from jobs
    where runner_label is not null and started_date is not null

),

-- Of several prices that fit, the one that says most: its own CI system, the longest pattern, the newest.
runner_day_rates as (

    select
        runner_days.provider,
        runner_days.runner_type,
        runner_days.runner_label,
        runner_days.started_date,
        rates.usd_per_minute,
        rates.billing_increment_ms
    from runner_days
    inner join rates
        on
            runner_days.runner_type = rates.runner_type
            and runner_days.runner_label like rates.label_pattern
            and rates.from_date <= runner_days.started_date
            and (rates.provider = runner_days.provider or rates.provider = '*')
    qualify row_number() over (
        partition by
            runner_days.provider, runner_days.runner_type, runner_days.runner_label, runner_days.started_date
        order by
            case when rates.provider = '*' then 1 else 0 end,
            length(rates.label_pattern) desc,
            rates.label_pattern,
            rates.from_date desc
    ) = 1

)

select
    jobs.provider,
    jobs.repository,
    jobs.run_id,
    jobs.run_attempt,
    jobs.job_id,
    jobs.ordinal,
    jobs.runner_type,
    jobs.runner_label,
    jobs.duration_ms,
    runner_day_rates.usd_per_minute,
    case
        when jobs.has_used_nothing then 0
        else
            ceil(jobs.duration_ms / runner_day_rates.billing_increment_ms)
            * runner_day_rates.billing_increment_ms / 60000
            * runner_day_rates.usd_per_minute
    end as cost_usd
from jobs
left join runner_day_rates
    on
        jobs.provider = runner_day_rates.provider
        and jobs.runner_type = runner_day_rates.runner_type
        and jobs.runner_label = runner_day_rates.runner_label
        and jobs.started_date = runner_day_rates.started_date
{% endmacro %}


{# A digest of all prices, and of what grids emit: it changes when any of that does. #}
{% macro prices_fingerprint() -%}
    (
        select {{ dbt.hash("string_agg(figure, ', ' order by figure)") }}
        from (
            select
                provider || ' ' || runner_type || ' ' || label_pattern
                || ' ' || cast(from_date as {{ dbt.type_string() }})
                || ' ' || cast(usd_per_minute as {{ dbt.type_string() }})
                || ' ' || cast(billing_increment_ms as {{ dbt.type_string() }}) as figure
            from {{ ref('int_runner_rates') }}
            union all
            select
                region
                || ' ' || cast(from_date as {{ dbt.type_string() }})
                || ' ' || cast(g_co2e_per_kwh as {{ dbt.type_string() }}) as figure
            from {{ ref('int_grid_intensity') }}
        ) as figures
    )
{%- endmacro %}
