{#
    `numerator / denominator`; null, not an error, when nothing was counted.
    No cast: BigQuery and DuckDB both divide integers into a double, whereas
    `dbt.type_float()` is only 32 bits wide on DuckDB.
#}
{% macro safe_ratio(numerator, denominator) -%}
    ({{ numerator }}) / nullif({{ denominator }}, 0)
{%- endmacro %}
