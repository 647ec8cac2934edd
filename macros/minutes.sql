{# Milliseconds as whole minutes for a sentence, rounded up: what took 61 seconds took more than one minute. #}
{% macro minutes(milliseconds) -%}
    cast(cast(ceil({{ milliseconds }} / 60000) as {{ dbt.type_bigint() }}) as {{ dbt.type_string() }})
{%- endmacro %}
