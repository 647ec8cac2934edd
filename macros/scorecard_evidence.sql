{#
    What every `int_scorecard_evidence_<domain>` yields: one row per thing behind a cell of the scorecard, with its
    share of the cell's numerator and denominator. `scorecard_evidence` unites them.

    Given are expressions over the relation. What is excluded has no share, and `why` says the reason; a metric that
    is a median or a percentile has values instead. An aggregate stands for several facts that its source no longer
    tells apart.
#}
{% macro evidence_of(
    metric_id, relation, kind, week, evidence_id, subject, happened_at, why,
    numerator='null', denominator='null', value='null', sample='null',
    is_excluded='false', is_aggregate='false', repository='repository', event_id='_event_id', load_id='null'
) %}
    select
        '{{ metric_id }}' as metric_id,
        {{ week }} as week_start_date,
        is_simulated,
        {{ is_excluded }} as is_excluded,
        {{ is_aggregate }} as is_aggregate,
        '{{ kind }}' as kind,
        {{ evidence_id }} as evidence_id,
        {{ repository }} as repository,
        {{ subject }} as subject,
        {{ happened_at }} as happened_at,
        {{ _share(numerator, is_excluded, type_double()) }} as numerator,
        {{ _share(denominator, is_excluded, type_double()) }} as denominator,
        {{ _share(value, is_excluded, type_double()) }} as measured_value,
        {{ _share(sample, is_excluded, dbt.type_bigint()) }} as sample_count,
        {{ why }} as why,
        cast({{ event_id }} as {{ dbt.type_string() }}) as _event_id,
        cast({{ load_id }} as {{ dbt.type_string() }}) as _load_id
    from {{ relation }}
{% endmacro %}


{# A number, cast; none of a row that is excluded. #}
{% macro _share(value, is_excluded, type) -%}
    {%- if value == 'null' or is_excluded == 'false' -%}
        cast({{ value }} as {{ type }})
    {%- else -%}
        cast(case when not ({{ is_excluded }}) then {{ value }} end as {{ type }})
    {%- endif -%}
{%- endmacro %}


{# The first day of the weeks of which evidence is listed: the last four that are over. #}
{% macro evidence_since() -%}
    {{ date_plus(week_of(as_of()), -28) }}
{%- endmacro %}
