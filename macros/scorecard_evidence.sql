{#
    What every `int_scorecard_evidence_<domain>` yields: one row per thing behind a cell of the scorecard, with its
    share of the cell's numerator and denominator. `scorecard_evidence` unites them.

    Of runs and jobs there are so many that what is behind a day is kept (`evidence_of_days`), and made anew where the
    day has changed; all else is listed when it is asked for.

    Given are expressions over the relation. What is excluded has no share, and `why` says the reason; a metric that
    is a median or a percentile has values instead. An aggregate stands for several facts that its source no longer
    tells apart.
#}
{% macro evidence_of(
    metric_id, relation, kind, week, evidence_id, subject, happened_at, why,
    numerator='null', denominator='null', value='null', sample='null',
    is_excluded='false', is_aggregate='false', repository='repository', event_id='_event_id', load_id='null', kept=[]
) %}
    {%- set columns = {
        'metric_id': "'" ~ metric_id ~ "'",
        'week_start_date': week,
        'is_simulated': 'is_simulated',
        'is_excluded': is_excluded,
        'is_aggregate': is_aggregate,
        'kind': "'" ~ kind ~ "'",
        'evidence_id': evidence_id,
        'repository': repository,
        'subject': subject,
        'happened_at': happened_at,
        'numerator': _share(numerator, is_excluded, type_double()),
        'denominator': _share(denominator, is_excluded, type_double()),
        'measured_value': _share(value, is_excluded, type_double()),
        'sample_count': _share(sample, is_excluded, dbt.type_bigint()),
        'why': why,
        '_event_id': 'cast(' ~ event_id ~ ' as ' ~ dbt.type_string() ~ ')',
        '_load_id': 'cast(' ~ load_id ~ ' as ' ~ dbt.type_string() ~ ')',
    } %}
    select
        {% for column in evidence_columns() + kept -%}
            {{ columns.get(column, column) }} as {{ column }}
            {%- if not loop.last %}, {% endif %}
        {% endfor %}
    from {{ relation }}
{% endmacro %}


{# The columns of evidence, of which each domain has all. #}
{% macro evidence_columns() -%}
    {{- return([
        'metric_id', 'week_start_date', 'is_simulated', 'is_excluded', 'is_aggregate', 'kind', 'evidence_id', 'repository',
        'subject', 'happened_at', 'numerator', 'denominator', 'measured_value', 'sample_count', 'why', '_event_id', '_load_id'
    ]) -}}
{%- endmacro %}


{#
    Evidence of what lies on a day, for a model that keeps it: `counted_date` is the day on which it counts. Arguments as
    of `evidence_of`, but for the week, which is that of the day.
#}
{% macro evidence_of_days(metric_id, relation, kind, evidence_id, subject, happened_at, why, also_kept=[]) %}
    {{- evidence_of(
        metric_id, relation, kind, week_of('counted_date'), evidence_id, subject, happened_at, why,
        kept=kept_columns() + also_kept, **kwargs
    ) -}}
{% endmacro %}


{# By what a build finds the days that changed (see `dates_of_changed_runs`). #}
{% macro kept_columns() -%}
    {{- return(['counted_date', '_seen_change', '_words_fingerprint']) -}}
{%- endmacro %}


{#
    The days of evidence that a build makes anew, as texts; none for all of them: those that `changed`, and those of which
    another number of things is kept than there is to list: days that left the weeks that are listed, or came into
    them. `listed_days` is a query for how many things (thing_count) of one metric there are to list on each day
    (counted_date).
#}
{% macro dates_of_changed_evidence(changed, metric_id, listed_days) %}
    {%- if not execute or changed is none -%} {{- return(changed) -}} {%- endif -%}
    {%- set query -%}
        with listed_days as (
            {{ listed_days }}
        ),

        kept_days as (
            select
                counted_date,
                count(*) as thing_count
            from {{ this }}
            where metric_id = '{{ metric_id }}'
            group by counted_date
        )

        select cast(coalesce(kept_days.counted_date, listed_days.counted_date) as {{ dbt.type_string() }}) as counted_date
        from kept_days
        full join listed_days
            on kept_days.counted_date = listed_days.counted_date
        where coalesce(kept_days.thing_count, 0) <> coalesce(listed_days.thing_count, 0)
    {%- endset -%}
    {{- return((changed + run_query(query).columns[0].values() | list) | unique | sort) -}}
{% endmacro %}


{#
    The days of forecasts that are others than when this was built: from the first on of which a run or job has changed,
    because what followed was foretold from it; and the day that the window of forecasts begins in.
#}
{% macro dates_of_changed_forecasts() %}
    {%- set changed = dates_of_changed_runs() -%}
    {%- if not execute or changed is none -%} {{- return(changed) -}} {%- endif -%}
    {%- set query -%}
        select distinct cast(began_date as {{ dbt.type_string() }}) as changed_date
        from {{ ref('int_job_executions_forecast') }}
        where
            began_date = cast({{ moment_plus(as_of(), -28, 'day') }} as date)
            {% if changed -%} or began_date >= cast('{{ changed[0] }}' as date) {%- endif %}
    {%- endset -%}
    {{- return(run_query(query).columns[0].values() | list) -}}
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
