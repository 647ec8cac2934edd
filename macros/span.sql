{#
    The time from one moment to another, and why there is none: an end that nobody told, or an end before its
    beginning, which is two clocks that disagree. Neither is zero, and neither belongs to what comes next.

        {{ span_ms('opened_at', 'merged_at') }}, {{ span_unmeasured_reason('opened_at', 'merged_at') }}
#}
{% macro span_ms(begins, ends) -%}
    case when {{ ends }} >= {{ begins }} then {{ dbt.datediff(begins, ends, 'millisecond') }} end
{%- endmacro %}

{% macro span_unmeasured_reason(begins, ends) -%}
    case
        when {{ begins }} is null then 'no_start'
        when {{ ends }} is null then 'no_end'
        when {{ ends }} < {{ begins }} then 'negative'
    end
{%- endmacro %}
