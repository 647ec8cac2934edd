{#
    The schema of a model: its folder's own on DuckDB (`marts`), `<dataset>_marts` on BigQuery,
    where datasets of one project share a namespace. A sample has schemas of its own, or its few days
    would end up in the incremental models of all of them.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set sample = 'sample_' if var('sample_days', none) else '' -%}
    {%- if custom_schema_name is none -%} {{ target.schema }}
    {%- elif target.type == 'bigquery' -%} {{ target.schema }}_{{ sample }}{{ custom_schema_name | trim }}
    {%- else -%} {{ sample }}{{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
