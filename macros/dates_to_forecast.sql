{#
    Which days of `int_job_executions_forecast` a build makes anew, as texts: `replaced` are all of them, `foretold` those
    among them on which executions are foretold. None for all days. Foretold anew is each day from the first on of which
    a run or job has changed, because what followed was foretold from it, and the days of next executions that were
    next at the last build; what is older than the model looks back is only taken away.
#}
{% macro dates_to_forecast(forecast_days) %}
    {%- set all_days = {'replaced': none, 'foretold': none} -%}
    {%- set changed = dates_of_changed_runs() -%}
    {%- if not execute or not is_brought_up_to_date() or changed is none -%} {{- return(all_days) -}} {%- endif -%}
    {%- set today = 'cast(' ~ as_of() ~ ' as date)' -%}
    {%- set first_date = date_plus(today, -1 * forecast_days) -%}
    {%- set query -%}
        select
            cast(forecast_date as {{ dbt.type_string() }}) as forecast_date,
            forecast_date >= {{ first_date }} as is_foretold
        from (
            select changed_date as forecast_date
            from {{ ref('int_run_days_changed') }}
            where
                changed_date >= {{ first_date }}
                and changed_date >= {{ "cast('" ~ changed[0] ~ "' as date)" if changed else today }}
            union distinct
            select began_date as forecast_date
            from {{ this }}
            where is_next or began_date < {{ first_date }}
            union distinct
            select {{ today }} as forecast_date
        ) as dates
    {%- endset -%}
    {%- set rows = run_query(query).rows -%}
    {{- return({
        'replaced': rows | map(attribute=0) | sort,
        'foretold': rows | selectattr(1) | map(attribute=0) | sort,
    }) -}}
{% endmacro %}
