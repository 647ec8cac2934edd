{# Fails on each row in which one of `columns` is null: one query a model, rather than one a column. #}
{% test are_never_null(model, columns) %}

    select {{ columns | join(', ') }}
    from {{ model }}
    where
        {% for column in columns -%}
            {% if not loop.first %}or {% endif %}{{ column }} is null
        {% endfor %}

{% endtest %}
