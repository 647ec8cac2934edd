{# Fails on each combination of `columns` that occurs more than once, among all rows, or those of the last days (`rows_of_last_days`). #}
{% test is_unique_combination(model, columns, last_days_of=none) %}

    select
        {{ columns | join(', ') }},
        count(*) as row_count
    from {{ rows_of_last_days(last_days_of) if last_days_of else model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1

{% endtest %}
