{#
    Fails on each combination of `columns` that occurs more than once, or of which a row lacks a value of it or of the
    columns that are `never_null`. Among all rows, or those of the last days (`rows_of_last_days`). One query a model:
    a view is computed anew for each.
#}
{% test is_key(model, columns, never_null=[], last_days_of=none) %}

    {%- set incomplete_row_count = 'count(case when ' ~ (columns + never_null) | join(' is null or ') ~ ' is null then 1 end)' %}

    select
        {{ columns | join(', ') }},
        count(*) as row_count,
        {{ incomplete_row_count }} as incomplete_row_count
    from {{ rows_of_last_days(last_days_of) if last_days_of else model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1 or {{ incomplete_row_count }} > 0

{% endtest %}
