{#
    The schema of a model: its folder's own on DuckDB (`marts`), `<dataset>_marts` on BigQuery,
    where datasets of one project share a namespace.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none -%} {{ target.schema }}
    {%- elif target.type == 'bigquery' -%} {{ target.schema }}_{{ custom_schema_name | trim }}
    {%- else -%} {{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
