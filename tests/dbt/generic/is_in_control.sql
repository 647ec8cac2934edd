{#
    Fails on each series (`by`) whose newest day has left its control limits: the exponentially weighted
    moving average of `column_name` is further than `width` of its standard deviations from the mean of
    the days before. Days are weighted by `weight` (λ) and (1 - λ) to the power of their age; a day that
    was not measured is left out, and a series of fewer than `days` is not judged yet.

    Source: S. W. Roberts, 1959; limits at mean ± L σ √(λ / (2 - λ)).
#}
{% test is_in_control(model, column_name, date_column, by, weight=0.2, width=3, days=20) %}

    with measured_days as (

        select
            {{ by | join(', ') }},
            {{ date_column }} as measured_date,
            cast({{ column_name }} as {{ type_double() }}) as measured_value,
            row_number() over (
                partition by {{ by | join(', ') }}
                order by {{ date_column }} desc
            ) - 1 as age
        from {{ model }}
        where {{ column_name }} is not null

    ),

    baselines as (

        select
            {{ by | join(', ') }},
            avg(measured_value) as mean_value,
            stddev_samp(measured_value) as deviation,
            count(*) as day_count
        from measured_days
        where age > 0
        group by {{ by | join(', ') }}

    ),

    averages as (

        select
            {% for column in by %} measured_days.{{ column }}, {% endfor %}
            max(measured_days.measured_date) as measured_date,
            max(baselines.mean_value) as mean_value,
            max(baselines.deviation) as deviation,
            -- What is older than the series is taken for its mean.
            sum({{ weight }} * pow(1 - {{ weight }}, measured_days.age) * measured_days.measured_value)
            + pow(1 - {{ weight }}, count(*)) * max(baselines.mean_value) as average_value
        from measured_days
        inner join baselines
            on
                {% for column in by -%}
                    measured_days.{{ column }} = baselines.{{ column }}
                    {%- if not loop.last %} and {% endif %}
                {% endfor %}
        where baselines.day_count >= {{ days }}
        group by {% for column in by %} measured_days.{{ column }} {%- if not loop.last %}, {% endif %}{% endfor %}

    )

    select * from averages
    where abs(average_value - mean_value) > {{ width }} * deviation * sqrt({{ weight }} / (2 - {{ weight }}))

{% endtest %}
