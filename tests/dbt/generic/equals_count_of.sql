{#
    Fails on each value of `by` for which the sum of `total` is not the number of rows of `facts` that
    meet `condition`: a day's sum against what it was made of.
#}
{% test equals_count_of(model, total, facts, by, condition='true') %}

    with sums as (

        select
            {{ by }},
            sum({{ total }}) as total_count
        from {{ model }}
        group by {{ by }}

    ),

    counts as (

        select
            {{ by }},
            count(*) as fact_count
        from {{ facts }}
        where {{ condition }}
        group by {{ by }}

    )

    select
        coalesce(sums.{{ by }}, counts.{{ by }}) as {{ by }},
        sums.total_count,
        counts.fact_count
    from sums
    full outer join counts
        on sums.{{ by }} = counts.{{ by }}
    where coalesce(sums.total_count, 0) <> coalesce(counts.fact_count, 0)

{% endtest %}
