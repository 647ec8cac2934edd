{# Stop with the one line that helps, rather than with a hundred errors about missing tables. #}
{% macro require_raw_tables() %}
    {%- if execute and flags.WHICH in ('run', 'build', 'test') -%}
        {%- set ledger = source('raw', 'loads') -%}
        {%- if adapter.get_relation(ledger.database, ledger.schema, ledger.identifier) is none -%}
            {{ exceptions.raise_compiler_error(
                "No raw tables in this warehouse yet: run `ci-intel warehouse init`, or load evidence with `ci-intel load`."
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
