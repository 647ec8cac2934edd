{# The `partition_by` of a mart: by day on BigQuery, nothing on DuckDB, which reads that setting too but has no use for it. #}
{% macro partitioned_by(date_column) %}
    {{- return({'field': date_column, 'data_type': 'date'} if target.type == 'bigquery' else none) -}}
{% endmacro %}


{#
    The last line of an incremental model that is read by days: on DuckDB, which has no partitions, what it is first filled
    with lies in the order of a moment, so that a query of some days skips the rest. What a build adds lies at the end.
#}
{% macro in_order_of(moment) -%}
    {%- if target.type == 'duckdb' and not is_brought_up_to_date() -%} order by {{ moment }} {%- endif -%}
{%- endmacro %}
