{#
    Which days of `int_job_executions_forecast` a build makes anew, as texts; none for all of them: each day from the
    first on of which a run or job has changed, because what followed was foretold from it; and the days of rows that
    are out of date, older than it looks back or foretelling a next execution that was next at the last build.
#}
{% macro dates_to_forecast(forecast_days) %}
    {%- set changed = dates_of_changed_runs() -%}
    {%- if not execute or not is_brought_up_to_date() or changed is none -%} {{- return(none) -}} {%- endif -%}
    {%- set today = 'cast(' ~ as_of() ~ ' as date)' -%}
    {%- set query -%}
        select cast(changed_date as {{ dbt.type_string() }}) as forecast_date
        from {{ ref('int_run_days_changed') }}
        where
            changed_date >= {{ date_plus(today, -1 * forecast_days) }}
            and changed_date >= {{ "cast('" ~ changed[0] ~ "' as date)" if changed else today }}
        union distinct
        select cast(began_date as {{ dbt.type_string() }}) as forecast_date
        from {{ this }}
        where is_next or began_date < {{ date_plus(today, -1 * forecast_days) }}
        union distinct
        select cast({{ today }} as {{ dbt.type_string() }}) as forecast_date
    {%- endset -%}
    {{- return(run_query(query).columns[0].values() | sort) -}}
{% endmacro %}
