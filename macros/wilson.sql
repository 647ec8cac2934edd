{#
    The ends of the Wilson 95 % band of a ratio: where the true ratio lies in 19 of 20 cases. Unlike
    the textbook band it stays within 0 and 1 and does not shrink to nothing at either end; null,
    like the ratio itself, when nothing was counted.

        {{ wilson_lower('killed_count', 'valid_count') }}

    Source: E. B. Wilson, 1927; z = 1.959964, z² = 3.841459.
#}
{% macro wilson_lower(successes, trials) -%}
    case
        when ({{ trials }}) > 0
            then greatest(0.0, {{ _wilson_centre(successes, trials) }} - {{ _wilson_reach(successes, trials) }})
    end
{%- endmacro %}

{% macro wilson_upper(successes, trials) -%}
    case
        when ({{ trials }}) > 0
            then least(1.0, {{ _wilson_centre(successes, trials) }} + {{ _wilson_reach(successes, trials) }})
    end
{%- endmacro %}

{% macro _wilson_centre(successes, trials) -%}
    (({{ successes }}) + 3.841459e0 / 2) / (({{ trials }}) + 3.841459e0)
{%- endmacro %}

{% macro _wilson_reach(successes, trials) -%}
    1.959964e0 / (({{ trials }}) + 3.841459e0) * sqrt(
        ({{ successes }}) * (({{ trials }}) - ({{ successes }})) / nullif({{ trials }}, 0) + 3.841459e0 / 4
    )
{%- endmacro %}
