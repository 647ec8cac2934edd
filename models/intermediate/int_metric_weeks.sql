-- One row per metric, week and origin (real or simulated) in which something was counted or known.
with metric_weeks as (

    {% for domain in [
        'runs', 'delivery', 'tests', 'supply_chain', 'resilience', 'assurance', 'evidence', 'efficiency'
    ] %}
        select
            metric_id,
            week_start_date,
            is_simulated,
            cast(metric_value as {{ type_double() }}) as metric_value,
            cast(numerator as {{ type_double() }}) as numerator,
            cast(denominator as {{ type_double() }}) as denominator,
            cast(sample_count as {{ dbt.type_bigint() }}) as sample_count,
            measured_at
        from {{ ref('int_metric_weeks_' ~ domain) }}
        {% if not loop.last %} union all {% endif %}
    {% endfor %}

)

select * from metric_weeks
where metric_value is not null
