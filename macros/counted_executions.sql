{#
    Which rows of `int_job_executions_forecast` the errors of forecasts count: executions of the last 28 days that are over.
    The first day is counted in part: the window begins 28 days before this moment, not at midnight.
#}
{% macro is_counted_execution() -%}
    not is_next
        and began_at > {{ moment_plus(as_of(), -28, 'day') }}
        and known_at <= {{ as_of() }}
{%- endmacro %}
