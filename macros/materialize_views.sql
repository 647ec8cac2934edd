{#
    Views on DuckDB, replaced in one statement, as dbt does on BigQuery. Its way for DuckDB renames the old
    view, the new one, and drops the old: twice the time, and half of what is not a table is a view.

    DuckDB calls a database what its file is called. A view that does not say the database finds its tables
    in its own, also when the file was renamed, or copied, since.
#}
{% materialization view, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set view = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {#- A model that was a table. -#}
    {%- if existing is not none and not existing.is_view -%} {%- do adapter.drop_relation(existing) -%} {%- endif -%}
    {% call statement('main') -%}
        {{ create_view_as(view, sql | replace(adapter.quote(this.database) ~ '.', '')) | replace('create view', 'create or replace view', 1) }}
    {%- endcall %}
    {%- do persist_docs(view, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{- return({'relations': [view]}) -}}
{% endmaterialization %}
