{#
    A moment some hours or days later, or earlier if `count` is negative; a day is 24 hours. It stays a
    moment: dbt's own `dateadd` makes a datetime of it on BigQuery, which compares with no timestamp there.

        {{ moment_plus(as_of(), -14, 'day') }}
#}
{% macro moment_plus(moment, count, part) -%}
    {{ adapter.dispatch('moment_plus')(moment, count, part) }}
{%- endmacro %}

{% macro default__moment_plus(moment, count, part) -%}
    date_add({{ moment }}, interval ({{ count }}) {{ part }})
{%- endmacro %}

{% macro bigquery__moment_plus(moment, count, part) -%}
    timestamp_add({{ moment }}, interval {{ count }} {{ part }})
{%- endmacro %}


{# A date some days later, or earlier if `days` is negative. It stays a date on both engines. #}
{% macro date_plus(value, days) -%}
    {{ adapter.dispatch('date_plus')(value, days) }}
{%- endmacro %}

{% macro default__date_plus(value, days) -%}
    cast(date_add({{ value }}, interval ({{ days }}) day) as date)
{%- endmacro %}

{% macro bigquery__date_plus(value, days) -%}
    date_add({{ value }}, interval {{ days }} day)
{%- endmacro %}
