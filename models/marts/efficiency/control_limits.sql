-- One row per repository × workflow × environment × metric × complete day of the last 60 with a value: whether it is unusual.
{{ config(partition_by=partitioned_by('metric_date')) }}
{#
    An exponentially weighted moving average (Roberts, 1959) with λ = 0.2 and limits at L = 3 deviations. It starts
    from the mean of the baseline and runs over the days under test, so that its limits are exact and nothing is cut off.
#}
{% set judged_days = 60 %}
{% set tested_days = 7 %}
{% set baseline_days = 28 %}
{% set minimum_baseline_days = 14 %}
{% set lambda = 0.2 %}
{% set key = ['repository', 'workflow', 'environment', 'metric_id'] %}

with run_health as (

    select * from {{ ref('run_health') }}

),

-- A day in progress is never compared with complete ones; none earlier than the first one's baseline counts.
metric_days as (

    {% for metric_id, column, unit in [
        ('success_ratio', 'success_ratio', 'ratio'),
        ('duration', 'duration_p50_ms', 'ms'),
        ('queue_time', 'queue_p95_ms', 'ms'),
    ] %}
        select
            repository,
            workflow,
            environment,
            '{{ metric_id }}' as metric_id,
            '{{ unit }}' as unit,
            started_date as metric_date,
            cast({{ column }} as {{ type_double() }}) as metric_value
        from run_health
        where
            {{ column }} is not null
            and started_date < cast({{ as_of() }} as date)
            and started_date > {{ date_plus('cast(' ~ as_of() ~ ' as date)', -1 * (judged_days + tested_days + baseline_days)) }}
        {% if not loop.last %} union all {% endif %}
    {% endfor %}

),

-- Windows by the number of a day, as a day without a value has no row.
numbered_days as (

    select
        *,
        {{ dbt.datediff("cast('1970-01-01' as date)", 'metric_date', 'day') }} as day_number
    from metric_days

),

-- Each day with the days that it is judged by: those under test, itself included, and those before them.
surrounded_days as (

    select
        *,
        avg(metric_value) over baseline as baseline_mean,
        stddev_samp(metric_value) over baseline as measured_deviation,
        count(*) over baseline as baseline_day_count,
        {% for age in range(1, tested_days) -%}
            lag(metric_value, {{ age }}) over metric as value_{{ age }},
        {% endfor -%}
        count(*) over tested as tested_day_count
    from numbered_days
    window
        metric as (partition by {{ key | join(', ') }} order by day_number),
        baseline as (
            metric range between {{ tested_days + baseline_days - 1 }} preceding and {{ tested_days }} preceding
        ),
        tested as (metric range between {{ tested_days - 1 }} preceding and current row)

),

averaged_days as (

    select
        *,
        -- The weights λ (1 - λ)^k of the days under test; what is left of them is the baseline's.
        (
            {{ lambda }}e0 * metric_value
            {% for age in range(1, tested_days) -%}
                + case when tested_day_count > {{ age }} then {{ lambda * (1 - lambda) ** age }}e0 * value_{{ age }} else 0 end
            {% endfor %}
        ) as tested_average
    from surrounded_days
    where metric_date >= {{ date_plus('cast(' ~ as_of() ~ ' as date)', -1 * judged_days) }}

),

charted_days as (

    select
        {{ key | join(',
        ') }},
        unit,
        metric_date,
        metric_value,
        baseline_day_count,
        tested_day_count,
        baseline_day_count >= {{ minimum_baseline_days }} as has_baseline,
        baseline_mean,
        -- What rounding leaves of equal values is no deviation.
        case
            when measured_deviation <= 1e-9 * greatest(1, abs(baseline_mean)) then 0
            else measured_deviation
        end as baseline_deviation,
        tested_average + baseline_mean * case tested_day_count
            {% for count in range(1, tested_days + 1) -%}
                when {{ count }} then {{ (1 - lambda) ** count }}e0
            {% endfor -%}
        end as ewma,
        3 * sqrt(
            {{ lambda / (2 - lambda) }}e0 * (
                1 - case tested_day_count
                    {% for count in range(1, tested_days + 1) -%}
                        when {{ count }} then {{ (1 - lambda) ** (2 * count) }}e0
                    {% endfor -%}
                end
            )
        ) as reach
    from averaged_days

),

limited_days as (

    select
        *,
        baseline_mean - reach * baseline_deviation as lower_limit,
        baseline_mean + reach * baseline_deviation as upper_limit,
        -- After a flat history there is no scale: any other value is unusual, and only the day itself counts.
        case when baseline_deviation = 0 then metric_value else ewma end as judged_value
    from charted_days

),

judged_limits as (

    select
        *,
        case
            when not has_baseline then 'undecided'
            when judged_value > upper_limit + 1e-9 * greatest(1, abs(baseline_mean)) then 'above'
            when judged_value < lower_limit - 1e-9 * greatest(1, abs(baseline_mean)) then 'below'
            else 'within'
        end as judgement
    from limited_days

)

select
    {{ key | join(',
    ') }},
    metric_date,
    unit,
    metric_value,
    baseline_day_count,
    tested_day_count,
    case when has_baseline then baseline_mean end as baseline_mean,
    case when has_baseline then baseline_deviation end as baseline_deviation,
    case when has_baseline then ewma end as ewma,
    case when has_baseline then lower_limit end as lower_limit,
    case when has_baseline then upper_limit end as upper_limit,
    judgement,
    judgement in ('above', 'below') as is_anomaly,
    -- A success ratio gets worse downwards, a time upwards.
    case
        when judgement = 'undecided' then 'unknown'
        when judgement = 'within' then 'same'
        when (judgement = 'below') = (metric_id = 'success_ratio') then 'worse'
        else 'better'
    end as direction,
    case
        when judgement = 'undecided'
            then
                'Too little history: ' || cast(baseline_day_count as {{ dbt.type_string() }})
                || ' of at least {{ minimum_baseline_days }} days.'
        when judgement = 'within' then 'Within its limits.'
        when baseline_deviation = 0
            then
                'It was ' || {{ readable('baseline_mean', 'unit') }} || ' on each of '
                || cast(baseline_day_count as {{ dbt.type_string() }}) || ' days, and now is '
                || {{ readable('metric_value', 'unit') }} || '.'
        else
            'The weighted mean of the last days, ' || {{ readable('ewma', 'unit') }} || ', is ' || judgement || ' '
            || case
                when judgement = 'above' then {{ readable('upper_limit', 'unit') }}
                else {{ readable('lower_limit', 'unit') }}
            end
            || '; usual is ' || {{ readable('baseline_mean', 'unit') }} || '.'
    end as why,
    {{ is_simulated('repository') }} as is_simulated
from judged_limits
