{#
    Views, tables and incremental models on DuckDB, each replaced by one statement, as dbt does on BigQuery. Its way for
    DuckDB makes the new one beside the old, renames both and drops the old: twice the time for a view, and most of it
    for a small table. Of an incremental model it asks for columns by way of Python, which makes a context of all macros
    for each question: a quarter of the time of a small one.

    DuckDB calls a database what its file is called. A view that does not say the database finds its tables
    in its own, also when the file was renamed, or copied, since.
#}
{% materialization view, adapter='duckdb' %}
    {%- set view = this.incorporate(type='view') -%}
    {{ begin_with_hooks() }}
    {%- do drop_unless('view') -%}
    {#- A statement by itself is a transaction by itself. -#}
    {% call statement('main', auto_begin=False) -%}
        {{ create_view_as(view, sql | replace(adapter.quote(this.database) ~ '.', '')) | replace('create view', 'create or replace view', 1) }}
    {%- endcall %}
    {{- return(end_with_hooks(view)) -}}
{% endmaterialization %}


{#
    Who reads meanwhile, and a build that is killed or refused, keep the old table: it goes with the commit. A contract
    is held against the table made, not against its query, which DuckDB would have to plan once more for that.
#}
{% materialization table, adapter='duckdb' %}
    {%- set table = this.incorporate(type='table') -%}
    {{ begin_with_hooks() }}
    {%- do drop_unless('table') -%}
    {%- do make_table(table) -%}
    {{- return(end_with_hooks(table)) -}}
{% endmaterialization %}


{# What the query gives is made aside first: it reads the rows that the strategy then takes out. #}
{% materialization incremental, adapter='duckdb' %}
    {%- set table = this.incorporate(type='table') -%}
    {{ begin_with_hooks() }}
    {%- if is_incremental() -%}
        {%- set new_rows = make_temp_relation(table) -%}
        {%- do make_table(new_rows, is_temporary=true) -%}
        {%- set strategy = adapter.get_incremental_strategy_macro(context, config.require('incremental_strategy')) -%}
        {%- set parts = {
            'target_relation': table,
            'temp_relation': new_rows,
            'unique_key': config.get('unique_key'),
            'dest_columns': reconciled_columns(new_rows, table),
            'incremental_predicates': none,
        } -%}
        {% call statement('main') -%} {{ strategy(parts) }} {%- endcall %}
    {%- else -%}
        {%- do drop_unless('table') -%}
        {%- do make_table(table) -%}
    {%- endif -%}
    {{- return(end_with_hooks(table)) -}}
{% endmaterialization %}


{# How each of these begins. #}
{% macro begin_with_hooks() %}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
{% endmacro %}


{# How each ends: what was made is described and committed, and dbt is told of it. #}
{% macro end_with_hooks(relation) %}
    {%- do persist_docs(relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{- return({'relations': [relation]}) -}}
{% endmacro %}


{# Makes a table of what the model's query gives, and holds it to the contract, where one is enforced. #}
{% macro make_table(table, is_temporary=false) %}
    {% call statement('rows' if is_temporary else 'main') -%}
        create or replace {% if is_temporary %}temporary {% endif %}table {{ table }} as (
            {{ model.compiled_code }}
        )
    {%- endcall %}
    {%- if config.get('contract').enforced -%} {%- do hold_to_contract(table) -%} {%- endif -%}
{% endmacro %}


{# The columns that new rows have; those which the table lacks, or has of another type, as `on_schema_change` says. #}
{% macro reconciled_columns(new_rows, table) %}
    {%- set columns = get_column_schema_from_query('select * from ' ~ new_rows) -%}
    {%- if format_columns(columns) != format_columns(get_column_schema_from_query('select * from ' ~ table)) -%}
        {%- do adapter.expand_target_column_types(from_relation=new_rows, to_relation=table) -%}
        {%- do process_schema_changes(incremental_validate_on_schema_change(config.get('on_schema_change')), new_rows, table) -%}
    {%- endif -%}
    {{- return(columns) -}}
{% endmacro %}


{# A model that was of the other type: `or replace` replaces only its own. A build that then fails takes it back. #}
{% macro drop_unless(type) %}
    {%- set existing = load_cached_relation(this) -%}
    {%- if existing is not none and existing.type != type -%}
        {%- do adapter.ensure_transaction() -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
{% endmacro %}


{# Stops with dbt's own error where a table differs from its contract in more than the order of columns, which is taken from there. #}
{% macro hold_to_contract(table) %}
    {%- if model.constraints or model.columns.values() | selectattr('constraints') | list -%}
        {%- do exceptions.raise_compiler_error(
            'Tables are made without constraints here (macros/materialize.sql): test the key of ' ~ model.name ~ ' instead.'
        ) -%}
    {%- endif -%}
    {%- set made = get_column_schema_from_query('select * from ' ~ table) -%}
    {%- set promised = get_column_schema_from_query(get_empty_schema_sql(model.columns)) -%}
    {%- if format_columns(made) != format_columns(promised) -%}
        {%- do get_assert_columns_equivalent('select * from ' ~ table) -%}
        {% call statement('reorder') -%}
            create or replace table {{ table }} as select {{ promised | map(attribute='quoted') | join(', ') }} from {{ table }}
        {%- endcall %}
    {%- endif -%}
{% endmacro %}


{# A data test asks and keeps nothing: as a query by itself, rather than in a transaction that dbt opens and never commits. #}
{% materialization test, adapter='duckdb' %}
    {%- if should_store_failures() -%} {{- return(dbt.materialization_test_default()) -}} {%- endif -%}
    {% call statement('main', fetch_result=True, auto_begin=False) -%}
        {{ get_test_sql(
            get_limit_subquery_sql(sql, config.get('limit')),
            config.get('fail_calc'),
            config.get('warn_if'),
            config.get('error_if'),
            limit=none
        ) }}
    {%- endcall %}
    {{- return({'relations': []}) -}}
{% endmaterialization %}
