{#
    Fails on each of the last seven complete days whose rows are fewer than `at_least` times, or more
    than `at_most` times, the mean of the 28 days before it. A day without rows counts as zero; where
    fewer than seven of the 28 days had any, nothing is usual yet.
#}
{% test has_usual_row_count(model, date_column, at_least, at_most) %}

    {%- set today = 'cast(' ~ as_of() ~ ' as date)' %}

    with day_counts as (

        select
            {{ date_column }} as counted_date,
            count(*) as row_count
        from {{ model }}
        where {{ date_column }} >= {{ date_plus(today, -35) }} and {{ date_column }} < {{ today }}
        group by {{ date_column }}

    ),

    span as (

        select
            {{ date_plus(today, -7) }} as first_date,
            {{ date_plus(today, -1) }} as last_date

    ),

    judged_days as (

        {{ each_day('span', 'first_date', 'last_date') }}

    ),

    compared_days as (

        select
            judged_days.calendar_date,
            sum(case when day_counts.counted_date = judged_days.calendar_date then day_counts.row_count else 0 end)
                as row_count,
            count(
                case
                    when
                        day_counts.counted_date < judged_days.calendar_date
                        and day_counts.counted_date >= {{ date_plus('judged_days.calendar_date', -28) }}
                        then 1
                end
            ) as usual_day_count,
            sum(
                case
                    when
                        day_counts.counted_date < judged_days.calendar_date
                        and day_counts.counted_date >= {{ date_plus('judged_days.calendar_date', -28) }}
                        then day_counts.row_count
                    else 0
                end
            ) / 28 as usual_row_count
        from judged_days
        cross join day_counts
        group by judged_days.calendar_date

    )

    select * from compared_days
    where
        usual_day_count >= 7
        and (
            row_count < {{ at_least }} * usual_row_count
            or row_count > {{ at_most }} * usual_row_count
        )

{% endtest %}
