{#
    Incremental marts: the days that a build has to make anew, and nothing else.

    A mart lists them (`dates_of_changed_runs`), reads what lies on them, and says them in its SQL
    (`says_dates`), where the strategy finds them: it deletes every one of them, also one that ends
    empty, and inserts what the query gave. `none` stands for all days.
#}

{# The strategy by which an engine replaces days. #}
{% macro replacing_dates() -%}
    {{- return('insert_overwrite' if target.type == 'bigquery' else 'replace_dates') -}}
{%- endmacro %}


{# These dates, as texts, and that many days after each: those on which a row looks back to one of them. #}
{% macro and_days_after(dates, count) -%}
    {%- if dates is none -%} {{- return(none) -}} {%- endif -%}
    {%- set days = [] -%}
    {%- for date in dates -%}
        {%- for passed in range(count + 1) -%}
            {%- do days.append((modules.datetime.date.fromisoformat(date) + modules.datetime.timedelta(days=passed)).isoformat()) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(days | unique | sort) -}}
{%- endmacro %}


{# The days of a column that are made anew, as a comment for the strategy and for who reads the compiled SQL. #}
{% macro says_dates(column, dates) -%}
    -- replaces {{ column }}: {{ 'all' if dates is none else dates | join(' ') }}
{%- endmacro %}


{# Whether a row of the mart is on a day that its compiled SQL says it replaces. #}
{% macro is_replaced(relation, sql) -%}
    {%- set said = modules.re.search('-- replaces ([a-z_]+): (.*)', sql) -%}
    {%- if said is none -%}
        {%- do exceptions.raise_compiler_error(model.name ~ " does not say which days it replaces (`says_dates`).") -%}
    {%- endif -%}
    {{ in_dates(relation ~ '.' ~ said.group(1), none if said.group(2) == 'all' else said.group(2).split()) }}
{%- endmacro %}


{# Whether a date is one of these, with literals, by which BigQuery prunes partitions. #}
{% macro in_dates(column, dates) -%}
    {%- if dates is none -%} true
    {%- elif not dates -%} false
    {%- else -%}
        {{ column }} in (
            {%- for date in dates -%} cast('{{ date }}' as date) {%- if not loop.last %}, {% endif %}{%- endfor -%}
        )
    {%- endif -%}
{%- endmacro %}


{# DuckDB: in the transaction that dbt opened, so that nobody sees a day without rows. #}
{% macro get_incremental_replace_dates_sql(arguments) -%}
    {{- replace_rows(arguments, is_replaced('kept', model.compiled_code)) -}}
{%- endmacro %}


{# Takes the rows `kept` that meet a condition out of an incremental model on DuckDB, and puts in what its query gave. #}
{% macro replace_rows(arguments, condition) -%}
    {%- set columns = arguments.dest_columns | map(attribute='quoted') | join(', ') -%}
    delete from {{ arguments.target_relation }} as kept
    where {{ condition }};

    insert into {{ arguments.target_relation }} ({{ columns }})
    select {{ columns }} from {{ arguments.temp_relation }};
{%- endmacro %}


{# BigQuery: dbt's own statement, which replaces partitions in one step, with these days rather than those of the rows. #}
{% macro bq_insert_overwrite_sql(
    tmp_relation, target_relation, sql, unique_key, partition_by, partitions, dest_columns, tmp_relation_exists, copy_partitions
) -%}
    {%- set rows = '(select * from ' ~ tmp_relation ~ ')' if tmp_relation_exists else '(' ~ sql ~ ')' -%}
    {{ get_insert_overwrite_merge_sql(
        target_relation,
        rows,
        dest_columns,
        [is_replaced('DBT_INTERNAL_DEST', model.compiled_code)],
        include_sql_header=not tmp_relation_exists
    ) }}
{%- endmacro %}
