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


{# Of how many weeks that are over evidence is listed. #}
{% macro evidence_weeks() -%}
    {{ var('scorecard_evidence_weeks') | int }}
{%- endmacro %}


{# The first day of those weeks. #}
{% macro evidence_since() -%}
    {{ date_plus(week_of(as_of()), -7 * (evidence_weeks() | int)) }}
{%- endmacro %}


{# The CTE `first_scans`: the first scan in which each vulnerability was seen, or seen with a fix. #}
{% macro first_scans(condition) %}
first_scans as (

    select
        vulnerability_groups.repository,
        vulnerability_groups.subject,
        vulnerability_groups.component,
        vulnerability_groups.vulnerability,
        scans._event_id
    from {{ ref('int_vulnerability_groups') }} as vulnerability_groups
    inner join {{ ref('int_vulnerability_scans_named') }} as scans
        on vulnerability_groups.vulnerability_scan_id = scans.vulnerability_scan_id
    where {{ condition }}
    qualify row_number() over (
        partition by
            vulnerability_groups.repository,
            vulnerability_groups.subject,
            vulnerability_groups.component,
            vulnerability_groups.vulnerability
        order by vulnerability_groups.scanned_at, vulnerability_groups.vulnerability_scan_id
    ) = 1

)
{% endmacro %}
