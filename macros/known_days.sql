{#
    Which partitions of a current model hold a version of the keys that are about to be merged.

    BigQuery reads a partition unless a literal says that it need not. So the days are looked up
    first, in the columns of the key alone, and then said as literals: to the query that fetches the
    known versions, and to the merge. DuckDB needs none of this.
#}

{# The partitions of a current model, on BigQuery: by the day on which the version was loaded. #}
{% macro partitioned_by_load() %}
    {{- return(
        {'field': '_loaded_at', 'data_type': 'timestamp', 'granularity': 'day'} if target.type == 'bigquery' else none
    ) -}}
{% endmacro %}


{# The days, as a list of texts; none where an engine has no use for them. #}
{% macro known_days(known, new_rows, key) %}
    {{- return(adapter.dispatch('known_days')(known, new_rows, key)) -}}
{% endmacro %}

{% macro default__known_days(known, new_rows, key) %}
    {{- return(none) -}}
{% endmacro %}

{% macro bigquery__known_days(known, new_rows, key) %}
    {%- if not execute -%} {{- return([]) -}} {%- endif -%}
    {%- set query -%}
        select distinct cast(date(known._loaded_at) as string)
        from {{ known }} as known
        inner join (select distinct {{ key | join(', ') }} from {{ new_rows }} as new_rows) as new_keys
            on
                {% for column in key %}
                    known.{{ column }} = new_keys.{{ column }}
                    {%- if not loop.last %} and {% endif %}
                {% endfor %}
    {%- endset -%}
    {{- return(run_query(query).columns[0].values() | sort) -}}
{% endmacro %}


{# Whether a row is in one of these partitions, with literals that BigQuery prunes by. #}
{% macro in_days(relation, days) -%}
    {%- if days -%}
        timestamp_trunc({{ relation }}._loaded_at, day) in (
            {%- for day in days %} timestamp '{{ day }}' {%- if not loop.last %}, {% endif %}{% endfor -%}
        )
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}


{#
    The merge of a current model on BigQuery: dbt's own, that opens only the partitions in which
    there is something to update.
#}
{% macro bigquery__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) %}
    {%- set predicates = [] + (incremental_predicates or []) -%}
    {%- if config.get('partition_by') == partitioned_by_load() -%}
        {%- do predicates.append(in_days('DBT_INTERNAL_DEST', known_days(target, source, [unique_key] if unique_key is string else unique_key))) -%}
    {%- endif -%}
    {{- return(default__get_merge_sql(target, source, unique_key, dest_columns, predicates)) -}}
{% endmacro %}
