-- Fails where the repositories' parts of a metric do not add up to the fleet's, in a week that one of both knows.
with repository_sums as (

    select
        metric_id,
        week_start_date,
        {{ is_simulated('repository') }} as is_simulated,
        sum(weeks.numerator) as numerator,
        sum(weeks.denominator) as denominator
    from {{ ref('int_repository_metric_weeks') }} as weeks
    group by 1, 2, 3
    -- A ratio of nothing is no week of the fleet's.
    having coalesce(sum(weeks.denominator), 1) > 0

),

fleet_sums as (

    select * from {{ ref('int_metric_weeks') }}
    where metric_id in (
        {% for metric_id in metrics_of_repositories() -%}
            '{{ metric_id }}'{% if not loop.last %}, {% endif %}
        {%- endfor %}
    )

)

select
    coalesce(repository_sums.metric_id, fleet_sums.metric_id) as metric_id,
    coalesce(repository_sums.week_start_date, fleet_sums.week_start_date) as week_start_date,
    repository_sums.numerator,
    fleet_sums.numerator as fleet_numerator,
    repository_sums.denominator,
    fleet_sums.denominator as fleet_denominator
from repository_sums
full outer join fleet_sums
    on
        repository_sums.metric_id = fleet_sums.metric_id
        and repository_sums.week_start_date = fleet_sums.week_start_date
        and repository_sums.is_simulated = fleet_sums.is_simulated
where
    coalesce(abs(repository_sums.numerator - fleet_sums.numerator) > 0.001, true)
    or coalesce(
        abs(repository_sums.denominator - fleet_sums.denominator) > 0.001,
        repository_sums.denominator is not null or fleet_sums.denominator is not null
    )
