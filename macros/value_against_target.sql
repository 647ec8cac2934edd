{# A sentence: a metric's value, what was counted for it, and what is wanted. A miss too small for its digits is said to be one. #}
{% macro value_against_target(target) -%}
    {{ readable('metric_value', 'unit') }}
    || case
        -- Parts that are times or sums of shares say nothing to a reader.
        when
            denominator is not null
            and metric_id not in ('waste_ratio', 'flake_tax_ratio', 'forecast_error', 'cost_per_successful_run')
            then
                ' (' || {{ readable('numerator', "'count'") }} || ' of '
                || {{ readable('denominator', "'count'") }} || ')'
        else ''
    end
    || case
        when metric_value = {{ target }} or {{ readable('metric_value', 'unit') }} <> {{ readable(target, 'unit') }} then ''
        when (metric_value > {{ target }}) = (direction = 'higher') then ', just within'
        else ', just beyond'
    end
    || case when direction = 'higher' then '; wanted is at least ' else '; wanted is at most ' end
    || {{ readable(target, 'unit') }} || '.'
{%- endmacro %}
