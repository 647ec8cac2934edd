{#
    How much memory DuckDB may take for a build, as CI_INTEL_DUCKDB_MEMORY says (`8GB`); beyond it, it writes to a
    folder beside the warehouse. It takes four fifths of the machine's if it is not told.
#}
{% macro limit_memory() %}
    {%- set limit = env_var('CI_INTEL_DUCKDB_MEMORY', '') -%}
    {%- if target.type == 'duckdb' and limit -%} set memory_limit = '{{ limit }}' {%- endif -%}
{% endmacro %}
