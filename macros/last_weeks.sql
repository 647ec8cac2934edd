{#
    The last `count` complete weeks and the one in progress, as `week_start_date` and `weeks_ago`
    (0 for the one in progress).
#}
{% macro last_weeks(count) -%}
    {% for weeks_ago in range(count + 1) -%}
        select
            {{ date_plus(week_of(as_of()), -7 * weeks_ago) }} as week_start_date,
            cast({{ weeks_ago }} as {{ dbt.type_bigint() }}) as weeks_ago
        {% if not loop.last %} union all {% endif %}
    {% endfor %}
{%- endmacro %}
