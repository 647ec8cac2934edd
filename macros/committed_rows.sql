{#
    The rows of a raw table that count: those of a committed load, in its newest generation, with
    the moment of that commit. What a loader wrote without committing is in no ledger; what a
    reload superseded is in an older generation.
#}
{% macro committed_rows(raw_table) %}
    select
        raw_rows.*,
        loads.format as _format,
        loads.committed_at as _committed_at
    from {{ source('raw', raw_table) }} as raw_rows
    inner join {{ ref('stg_loads') }} as loads
        on
            raw_rows._load_id = loads.load_id
            and raw_rows._generation = loads.generation
    where {{ any_partition('raw_rows') }}
{% endmacro %}


{#
    A bound that is always met, but in a sample (`sample_days`). BigQuery refuses a query of a raw table
    that says nothing of its partitions, so that nobody reads years by mistake; who filters a staging
    model by `_loaded_at` reads only those. DuckDB takes any bound for one that a fifth of the rows meet,
    and would then hash the larger side of a join.
#}
{% macro any_partition(relation) -%}
    {%- if var('sample_days', none) -%}
        {{ relation }}._loaded_at >= {{ moment_plus(as_of(), -(var('sample_days', none) | int), 'day') }}
    {%- elif target.type == 'bigquery' -%}
        {{ relation }}._loaded_at >= cast('1970-01-01 00:00:00' as timestamp)
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{# What a generic test reads of a raw table, on BigQuery: with that bound. Anything else as dbt has it. #}
{% macro bigquery__get_where_subquery(relation) -%}
    {%- if relation.schema != target.schema ~ '_raw' -%}
        {{- return(default__get_where_subquery(relation)) -}}
    {%- endif -%}
    {%- set rows -%}
        (
            select * from {{ relation }} as raw_rows
            where
                {{ any_partition('raw_rows') }}
                and {{ config.get('where') or 'true' }}
        ) as raw_rows
    {%- endset -%}
    {{- return(rows) -}}
{%- endmacro %}
