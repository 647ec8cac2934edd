{# Fails on each row in which `parts` do not add up to `total`; a part that is null counts as nothing. #}
{% test adds_up(model, total, parts) %}

    select
        {{ total }},
        {{ parts | join(', ') }}
    from {{ model }}
    where
        {{ total }} <> (
            {% for part in parts -%}
                coalesce({{ part }}, 0) {%- if not loop.last %} + {% endif %}
            {% endfor %}
        )

{% endtest %}
