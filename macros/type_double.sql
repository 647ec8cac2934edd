{# A double; `dbt.type_float()` is only 32 bits wide on DuckDB. #}
{% macro type_double() -%}
    {{ 'float64' if target.type == 'bigquery' else 'double' }}
{%- endmacro %}
