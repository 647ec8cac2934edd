{# Fails if more than `at_most` (0 to 1) of the rows that meet `condition` know no value; no row is no failure. #}
{% test is_rarely_null(model, column_name, at_most, condition='true') %}

    with counted as (

        select
            count(*) as row_count,
            count(case when {{ column_name }} is null then 1 end) as null_count
        from {{ model }}
        where {{ condition }}

    )

    select * from counted
    where null_count > {{ at_most }} * row_count

{% endtest %}
