{#
    The newest version of each thing of a staging model: the body of every incremental
    `int_<things>_current`.

        {{ current_versions(ref('stg_incidents'), ['provider', 'incident_id']) }}

    Only loads that were committed since this model last looked are read (see `new_loads`), and
    ranked together with the versions that the model holds of the same keys. Newer is a total
    order, so that no two builds can disagree: when the sender made it, when it was loaded, and
    then, for things that arrived together, load, generation and line.
#}
{% macro current_versions(versions, key) %}
    {%- set unseen = unseen_loads() -%}
    {%- set is_partial = unseen is not none -%}
    {%- set new_rows -%}
        select * from {{ versions }}
        {%- if is_partial %}
            where
                _committed_at >= {{ unseen.committed_since }}
                and _loaded_at >= {{ unseen.loaded_since }}
        {%- endif %}
    {%- endset -%}
    {{ says_loads(unseen) }}
    with new_versions as (

        {{ new_rows }}

    ),

    {% if is_partial %}
        known_versions as (

            select known.*
            from {{ this }} as known
            inner join (select distinct {{ key | join(', ') }} from new_versions) as new_keys
                on
                    {% for column in key %}
                        known.{{ column }} = new_keys.{{ column }}
                        {%- if not loop.last %} and {% endif %}
                    {% endfor %}
            {% set days = known_days(this, '(' ~ new_rows ~ ')', key) %}
            {% if days is not none %} where {{ in_days('known', days) }} {% endif %}

        ),
    {% endif %}

    candidate_versions as (

        select * from new_versions
        {% if is_partial %}
            {{ union_by_name() }}
            select * from known_versions
        {% endif %}

    )

    select * from candidate_versions
    qualify row_number() over (
        partition by {{ key | join(', ') }}
        order by {{ newest_first() }}
    ) = 1
    {{ in_order_of('_loaded_at') }}
{% endmacro %}


{#
    What unites rows with those of a model that may lack the newest columns: they are null then.
    BigQuery's plain `by name` takes only relations of the same columns.
#}
{% macro union_by_name() -%}
    {{ adapter.dispatch('union_by_name')() }}
{%- endmacro %}

{% macro default__union_by_name() -%} union distinct by name {%- endmacro %}

{% macro bigquery__union_by_name() -%} full union distinct by name {%- endmacro %}


{#  The total order of versions, newest first. #}
{% macro newest_first(alias=none) -%}
    {%- set prefix = alias ~ '.' if alias else '' -%}
    coalesce({{ prefix }}_emitted_at, {{ prefix }}_loaded_at) desc,
    {{ prefix }}_loaded_at desc,
    {{ prefix }}_load_id desc,
    {{ prefix }}_generation desc,
    {{ prefix }}_source_line desc
{%- endmacro %}


{#
    What a model has not seen yet (see `new_loads`), where it is brought up to date; none if everything has to be read: the first
    time, on a full refresh, after a reload, and where it lacks one of these columns, as one that an older version built.
    `seen` is the column with the commits that it has seen; of reloads, those count that are of the topic, where one is named.
#}
{% macro unseen_loads(columns=[], seen='_committed_at', topic=none) %}
    {%- if execute and not is_brought_up_to_date() -%} {{- return(none) -}} {%- endif -%}
    {%- if execute and columns and not has_columns(columns) -%} {{- return(none) -}} {%- endif -%}
    {#- Named here, so that dbt knows of the dependency. -#}
    {%- set _ = [ref('stg_loads'), source('raw', 'load_topics') if topic else none] -%}
    {%- set unseen = new_loads(seen, topic) if execute else none -%}
    {{- return(none if unseen is none or unseen.has_reload else unseen) -}}
{% endmacro %}


{# Whether a model keeps what it has; a unit test has no model of its own (`this`) to keep anything. #}
{% macro is_brought_up_to_date() %}
    {{- return(this is not none and is_incremental()) -}}
{% endmacro %}


{#
    What an incremental model has not seen yet, as literals (so that BigQuery prunes partitions):
    `committed_since`, right after the newest commit this model holds on DuckDB, where each load commits after all
    before it, and an hour before that commit on BigQuery, for loads that committed in another order than their clocks
    say; `loaded_since`, the earliest start of any load committed since: a load may have started last week and been
    finished today; and `has_reload`, whether one of them superseded an earlier reading. A merge never deletes, so
    after a reload the model is emptied (by `empty_after_reload` on BigQuery, by `get_incremental_merge_sql` on DuckDB)
    and filled from everything.
#}
{% macro new_loads(seen='_committed_at', topic=none) %}
    {%- set epoch = "cast('1970-01-01 00:00:00' as timestamp)" -%}
    {%- if not execute -%}
        {{ return({'committed_since': epoch, 'loaded_since': epoch, 'has_reload': false}) }}
    {%- endif -%}
    {%- set query -%}
        with seen as (
            select {{ first_unseen_commit('coalesce(max(' ~ seen ~ '), ' ~ epoch ~ ')') }} as committed_since
            from {{ this }}
        )
        select
            cast(coalesce(max(seen.committed_since), {{ epoch }}) as {{ dbt.type_string() }}) as committed_since,
            -- Where nothing was committed since, nothing is read.
            cast(coalesce(
                min(case when loads.committed_at >= seen.committed_since then loads.loaded_at end),
                max(seen.committed_since),
                {{ epoch }}
            ) as {{ dbt.type_string() }}) as loaded_since,
            coalesce(max(case
                when loads.committed_at >= seen.committed_since {%- if topic %} and of_topic.load_id is not null {%- endif %}
                    then loads.generation
            end), 1) > 1 as has_reload
        from seen
        cross join {{ ref('stg_loads') }} as loads
        {% if topic -%}
            left join (
                select distinct load_id
                from {{ source('raw', 'load_topics') }}
                where topic = '{{ topic }}'
            ) as of_topic
                on loads.load_id = of_topic.load_id
        {%- endif %}
    {%- endset -%}
    {%- set row = run_query(query).rows[0] -%}
    {{ return({
        'committed_since': "cast('" ~ row[0] ~ "' as timestamp)",
        'loaded_since': "cast('" ~ row[1] ~ "' as timestamp)",
        'has_reload': row[2],
    }) }}
{% endmacro %}


{# The first moment of a commit that a model may not have seen, given the newest that it has. #}
{% macro first_unseen_commit(newest) -%}
    {%- if target.type == 'bigquery' -%}
        {{ moment_plus(newest, -1, 'hour') }}
    {%- else -%}
        {{ moment_plus(newest, 1, 'microsecond') }}
    {%- endif -%}
{%- endmacro %}


{# Which loads a model reads, as a comment for what empties it and for who reads the compiled SQL. #}
{% macro says_loads(unseen) -%}
    -- reads {{ 'every load' if unseen is none else 'loads committed since ' ~ unseen.committed_since }}
{%- endmacro %}


{#
    Whether a model that was built before reads everything. It goes by what the model says that it reads: to ask again
    might find a reload that was committed just now, and empty the model for a query that reads only what is new.
#}
{% macro is_filled_anew() %}
    {{- return(is_incremental() and '-- reads every load' in model.compiled_code) -}}
{% endmacro %}


{# The pre-hook of every incremental `int_<things>_current`, for BigQuery. #}
{% macro empty_after_reload() %}
    {%- if target.type == 'bigquery' and is_filled_anew() -%}
        delete from {{ this }} where true
    {%- endif -%}
{% endmacro %}


{#
    What dbt calls for the strategy `merge`, on DuckDB: there a table that is emptied cannot be given a new column after it in
    the same transaction, so that it is emptied here rather than by the hook.
#}
{% macro get_incremental_merge_sql(arguments) -%}
    {%- if is_filled_anew() -%}
        {{- replace_rows(arguments, 'true') -}}
    {%- else -%}
        {{- adapter.dispatch('get_incremental_merge_sql', 'dbt')(arguments) -}}
    {%- endif -%}
{%- endmacro %}
