{#
    Whether an error budget burns faster than `rate` in a long and in a short window: firing, quiet or undecided.
    One window that does not exceed it is enough for quiet. A long window with fewer events than the objective's
    minimum, a short one without any, and an objective that leaves no budget decide nothing.

        {{ burn_alert(14.4, '1h', '5m') }}
#}
{% macro burn_alert(rate, long_window, short_window) -%}
    case
        when
            event_count_{{ long_window }} >= minimum_event_count
            and round(burn_rate_{{ long_window }}, 9) <= {{ rate }}
            then 'quiet'
        when round(burn_rate_{{ short_window }}, 9) <= {{ rate }} then 'quiet'
        when
            event_count_{{ long_window }} >= minimum_event_count
            and round(burn_rate_{{ long_window }}, 9) > {{ rate }}
            and round(burn_rate_{{ short_window }}, 9) > {{ rate }}
            then 'firing'
        else 'undecided'
    end
{%- endmacro %}
