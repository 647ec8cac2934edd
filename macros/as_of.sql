{#
    The models' only clock: the moment that a build takes for now, in UTC.
    Comparisons and tests pin it: `dbt build --vars '{as_of: "2026-01-31 12:00:00"}'`.
#}
{% macro as_of() -%}
    cast('{{ var("as_of") or run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as timestamp)
{%- endmacro %}
