{# 1 where the condition holds, else 0: a row's share of a count, to be summed. Wide, as contracts have it. #}
{% macro one_if(condition) -%}
    cast(case when {{ condition }} then 1 else 0 end as {{ dbt.type_bigint() }})
{%- endmacro %}
