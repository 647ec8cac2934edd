{#
    Which rows of `int_job_executions_forecast` the errors of forecasts count: executions of the last 28 days that are over.
    A day leaves within its last hours, as the window ends at this moment.
#}
{% macro is_counted_execution() -%}
    not is_next
        and began_at > {{ moment_plus(as_of(), -28, 'day') }}
        and known_at <= {{ as_of() }}
{%- endmacro %}
