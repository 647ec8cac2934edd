{#
    What every `int_matters_<domain>` yields: one row per open matter, in the words of an executive.
    `attention` unites them, adds whose each is, and ranks them. `severity`, `next_step` and `owner` are null
    where the kind's own of the seed `matter_kinds`, or the repository's team, will do.
#}
{% macro matter_columns() %}
    {{- return([
        'kind', 'repository', 'subject', 'is_simulated', 'since_at', 'size_value', 'size_unit', 'times_allowed',
        'sentence', 'next_step', 'owner', 'severity', 'source_mart', 'source_filter'
    ]) -}}
{% endmacro %}


{# A count or another number as whole digits, for a sentence. #}
{% macro whole(value) -%}
    cast(cast(round({{ value }}) as {{ dbt.type_bigint() }}) as {{ dbt.type_string() }})
{%- endmacro %}


{#
    The condition that finds a matter's rows in its mart, as text: `repository = 'a/b' and suite = 'unit'`.

        {{ filter_text({'repository': 'repository', 'suite': 'suite'}) }}
#}
{% macro filter_text(columns) -%}
    {%- for name, value in columns.items() -%}
        '{{ "" if loop.first else " and " }}{{ name }} = ' || {{ apostrophe() }}
        || replace({{ value }}, {{ apostrophe() }}, {{ apostrophe() }} || {{ apostrophe() }}) || {{ apostrophe() }}
        {%- if not loop.last %} || {% endif -%}
    {%- endfor -%}
{%- endmacro %}


{# The one character that the engines write differently: BigQuery takes two of them for the end of a text and another. #}
{% macro apostrophe() -%}
    {{ adapter.dispatch('apostrophe')() }}
{%- endmacro %}

{% macro default__apostrophe() -%} '''' {%- endmacro %}

{% macro bigquery__apostrophe() -%} "'" {%- endmacro %}
