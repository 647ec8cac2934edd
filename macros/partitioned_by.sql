{# The `partition_by` of a mart: by day on BigQuery, nothing on DuckDB, which reads that setting too but has no use for it. #}
{% macro partitioned_by(date_column) %}
    {{- return({'field': date_column, 'data_type': 'date'} if target.type == 'bigquery' else none) -}}
{% endmacro %}
