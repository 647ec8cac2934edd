{#
    Fails on each row in which one of `columns` is null, of all rows or those of the last days (`rows_of_last_days`): one
    query a model, rather than one a column.
#}
{% test are_never_null(model, columns, last_days_of=none) %}

    select {{ columns | join(', ') }}
    from {{ rows_of_last_days(last_days_of) if last_days_of else model }}
    where
        {% for column in columns -%}
            {% if not loop.first %}or {% endif %}{{ column }} is null
        {% endfor %}

{% endtest %}
