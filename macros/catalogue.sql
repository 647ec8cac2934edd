{#
    Facts and the catalogue: each fact belongs to whoever owned its repository when it happened.

        select runs.*, {{ team_and_tier('runs') }}
        from runs
        {{ join_catalogue_entry('runs', 'started_at') }}

    A repository in no entry that was valid then is `unregistered`; `(none)` is a fact without a
    repository, or an entry that does not say. A fact without a time belongs to the entry in force.
#}
{% macro join_catalogue_entry(relation, moment) -%}
    left join {{ ref('int_repositories_with_validity') }} as catalogue_entries
        on
            {{ relation }}.repository = catalogue_entries.repository
            and catalogue_entries.valid_from <= coalesce({{ relation }}.{{ moment }}, {{ as_of() }})
            and (
                catalogue_entries.valid_to is null
                or catalogue_entries.valid_to > coalesce({{ relation }}.{{ moment }}, {{ as_of() }})
            )
{%- endmacro %}


{% macro team_and_tier(relation) -%}
    {{ _of_entry(relation, 'catalogue_entries.team') }} as team,
    {{ _of_entry(relation, 'cast(catalogue_entries.tier as ' ~ dbt.type_string() ~ ')') }} as tier
{%- endmacro %}

{% macro _of_entry(relation, value) -%}
    case
        when {{ relation }}.repository is null then '(none)'
        when catalogue_entries.repository is null then 'unregistered'
        else coalesce({{ value }}, '(none)')
    end
{%- endmacro %}


{# A digest of all that `team_and_tier` takes from the catalogue: it changes when any of that does. #}
{% macro catalogue_fingerprint() -%}
    {%- set entry -%}
        {#- As numbers: the two engines write moments in two ways. -#}
        repository || ' ' || cast({{ _seconds('valid_from') }} as {{ dbt.type_string() }})
        || ' ' || coalesce(cast({{ _seconds('valid_to') }} as {{ dbt.type_string() }}), '')
        || ' ' || coalesce(team, '') || ' ' || coalesce(cast(tier as {{ dbt.type_string() }}), '')
    {%- endset -%}
    (
        select {{ dbt.hash("string_agg(" ~ entry ~ ", ', ' order by repository, valid_from)") }}
        from {{ ref('int_repositories_with_validity') }}
    )
{%- endmacro %}


{% macro _seconds(moment) -%}
    {{ dbt.datediff("cast('1970-01-01 00:00:00' as timestamp)", moment, 'second') }}
{%- endmacro %}
