{# The Monday of the week of a date or a moment, as a date (ISO 8601; BigQuery's own `week` starts on Sunday). #}
{% macro week_of(value) -%}
    {{ adapter.dispatch('week_of')(value) }}
{%- endmacro %}

{% macro default__week_of(value) -%}
    cast(date_trunc('week', {{ value }}) as date)
{%- endmacro %}

{% macro bigquery__week_of(value) -%}
    date_trunc(cast({{ value }} as date), isoweek)
{%- endmacro %}
