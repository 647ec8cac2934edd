{#
    What a test reads of a view over all jobs ever: those of the runs of the last seven days that it knows. To compute
    such a view as a whole takes longer than all else that a day's build does; the mart that keeps its rows has the same
    key, and tests it over all of them.
#}
{% macro rows_of_last_days(rows) %}
    {%- set dates = last_dates_of_runs(7) -%}
    (
        {% if rows == 'joined_jobs' -%} {{ joined_jobs_of_runs(dates) }}
        {%- elif rows == 'priced_jobs' -%} {{ priced_jobs(dates) }}
        {%- else -%} {%- do exceptions.raise_compiler_error("No rows of last days are called '" ~ rows ~ "'.") -%}
        {%- endif %}
    ) as rows_of_last_days
{% endmacro %}


{# The days until that of the newest run, but for runs of a clock that is ahead: texts, as `in_dates` takes them. #}
{% macro last_dates_of_runs(days) %}
    {%- set query -%}
        select cast(cast(max(started_at) as date) as {{ dbt.type_string() }}) as newest_date
        from {{ ref('int_pipeline_runs_reconciled') }}
        where started_at <= {{ as_of() }}
    {%- endset -%}
    {%- set newest = run_query(query).rows[0][0] if execute else none -%}
    {%- if newest is none -%} {{- return([]) -}} {%- endif -%}
    {%- set newest_date = modules.datetime.date.fromisoformat(newest) -%}
    {%- set dates = [] -%}
    {%- for age in range(days) -%}
        {%- do dates.append((newest_date - modules.datetime.timedelta(days=age)).isoformat()) -%}
    {%- endfor -%}
    {{- return(dates | sort) -}}
{% endmacro %}


{# The rows of `int_jobs_joined` of the runs that started on these dates. #}
{% macro joined_jobs_of_runs(dates) %}
with attempts as (

    select
        provider,
        repository,
        run_id,
        run_attempt
    from {{ ref('int_pipeline_runs_reconciled') }} as runs
    where {{ is_started_on('runs', dates) }}

),

jobs as (

    {{ joined_jobs('attempts', loading_days_of_runs(dates), loading_days_of_lone_jobs(dates)) }}

)

select * from jobs
{% endmacro %}
