{# Whether a column of the closed weeks is another than was published; both unknown is no difference. #}
{% macro differs(column) -%}
    coalesce(
        closed_weeks.{{ column }} <> newest_revisions.{{ column }},
        (closed_weeks.{{ column }} is null) <> (newest_revisions.{{ column }} is null)
    )
{%- endmacro %}


{# The same of a double, whose last digits depend on the order in which it was summed. #}
{% macro differs_in_number(column) -%}
    coalesce(
        abs(closed_weeks.{{ column }} - newest_revisions.{{ column }})
        > 1e-9 * (abs(closed_weeks.{{ column }}) + abs(newest_revisions.{{ column }})),
        (closed_weeks.{{ column }} is null) <> (newest_revisions.{{ column }} is null)
    )
{%- endmacro %}
