{#
    How much of a day (UTC) lies between two moments, as a fraction of it: 1 for a whole day, 0 for none.

        sum({{ days_within('live_from', 'live_until', 'calendar_date') }})
#}
{% macro days_within(begins_at, ends_at, day) -%}
    {%- set midnight = 'cast(' ~ day ~ ' as timestamp)' -%}
    {%- set next_midnight = 'cast(' ~ date_plus(day, 1) ~ ' as timestamp)' -%}
    {%- set begins = 'case when ' ~ begins_at ~ ' > ' ~ midnight ~ ' then ' ~ begins_at ~ ' else ' ~ midnight ~ ' end' -%}
    {%- set ends = 'case when ' ~ ends_at ~ ' < ' ~ next_midnight ~ ' then ' ~ ends_at ~ ' else ' ~ next_midnight ~ ' end' -%}
    case
        when {{ begins_at }} < {{ next_midnight }} and {{ ends_at }} > {{ midnight }}
            then {{ dbt.datediff(begins, ends, 'second') }} / 86400.0
        else 0.0
    end
{%- endmacro %}
