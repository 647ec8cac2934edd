{#
    The exact percentile of a group, interpolated between its two neighbours; nulls are not counted,
    and a group without a value has none.

        {{ percentile('duration_ms', 0.95) }}
#}
{% macro percentile(value, fraction) -%}
    {{ adapter.dispatch('percentile')(value, fraction) }}
{%- endmacro %}

{% macro default__percentile(value, fraction) -%}
    quantile_cont({{ value }}, {{ fraction }})
{%- endmacro %}

{# BigQuery has `percentile_cont` only as a window function: the neighbours are taken from the sorted values. #}
{% macro bigquery__percentile(value, fraction) -%}
    {%- set place = '(' ~ fraction ~ ' * (count(' ~ value ~ ') - 1))' -%}
    {%- set sorted = 'array_agg(' ~ value ~ ' ignore nulls order by ' ~ value ~ ')' -%}
    (
        {{ sorted }}[safe_offset(cast(floor({{ place }}) as int64))] * (1 - ({{ place }} - floor({{ place }})))
        + {{ sorted }}[safe_offset(cast(ceil({{ place }}) as int64))] * ({{ place }} - floor({{ place }}))
    )
{%- endmacro %}
