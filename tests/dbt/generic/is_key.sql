{#
    Fails on each combination of `columns` that occurs more than once, and on each row that lacks a value of it or of
    the columns that are `never_null`.

    DuckDB finds nulls in a table by its statistics alone. A view that takes long to compute is read once for both
    instead (`in_one_pass`).
#}
{% test is_key(model, columns, never_null=[], in_one_pass=false) %}

    {%- set is_incomplete = (columns + never_null) | join(' is null or ') ~ ' is null' %}
    {%- set incomplete_row_count = 'count(case when ' ~ is_incomplete ~ ' then 1 end)' if in_one_pass else '0' %}

    select
        {{ columns | join(', ') }},
        count(*) as row_count,
        {{ incomplete_row_count }} as incomplete_row_count
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1 or {{ incomplete_row_count }} > 0
    {% if not in_one_pass %}
        union all
        select
            {{ columns | join(', ') }},
            1 as row_count,
            1 as incomplete_row_count
        from {{ model }}
        where {{ is_incomplete }}
    {% endif %}

{% endtest %}
