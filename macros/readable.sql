{# A value in its unit, for a sentence: ratios as percent, milliseconds as minutes, hours or days. #}
{% macro readable(value, unit) -%}
    case {{ unit }}
        when 'ratio' then {{ _rounded(value ~ ' * 100') }} || ' %'
        when 'ms'
            then
                case
                    when {{ value }} < 60000 then {{ _rounded(value ~ ' / 1000') }} || ' s'
                    when {{ value }} < 3600000 then {{ _rounded(value ~ ' / 60000') }} || ' min'
                    when {{ value }} < 172800000 then {{ _rounded(value ~ ' / 3600000') }} || ' h'
                    else {{ _rounded(value ~ ' / 86400000') }} || ' days'
                end
        when 'count' then {{ _rounded(value) }}
        else {{ _rounded(value) }} || ' ' || {{ unit }}
    end
{%- endmacro %}

{# At most one decimal, or two of what is below one. Whole numbers show none on either engine. #}
{% macro _rounded(value) -%}
    case
        when abs({{ value }}) < 1 and {{ value }} <> 0
            then cast(round({{ value }}, 2) as {{ dbt.type_string() }})
        when round({{ value }}, 1) = round({{ value }})
            then cast(cast(round({{ value }}) as {{ dbt.type_bigint() }}) as {{ dbt.type_string() }})
        else cast(round({{ value }}, 1) as {{ dbt.type_string() }})
    end
{%- endmacro %}
