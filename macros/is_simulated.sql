{# Whether a repository belongs to the simulated fleet: those are owned by `simulated/`. #}
{% macro is_simulated(repository) -%}
    coalesce({{ repository }} like 'simulated/%', false)
{%- endmacro %}
