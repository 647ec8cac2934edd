-- One row per repository, metric that adds up over repositories, and week: the last thirteen complete and the one in progress.
with repositories as (

    select * from {{ ref('repositories') }}
    where is_in_force

),

metric_weeks as (

    select * from {{ ref('int_repository_metric_weeks') }}

),

targets as (

    select * from {{ ref('int_targets') }}

),

metric_definitions as (

    select * from {{ ref('metric_definitions') }}

),

weeks as (

    {{ last_weeks(13) }}

),

metrics as (

    select
        targets.metric_id,
        metric_definitions.name,
        metric_definitions.pillar,
        targets.unit,
        targets.direction,
        targets.green,
        targets.amber
    from targets
    inner join metric_definitions on targets.metric_id = metric_definitions.metric_id
    -- Not from what was measured: a metric that nobody sends has its rows, and they are empty.
    where
        targets.metric_id in (
            {% for metric_id in metrics_of_repositories() -%}
                '{{ metric_id }}'{% if not loop.last %}, {% endif %}
            {%- endfor %}
        )

),

repository_weeks as (

    select
        repositories.repository,
        repositories.team,
        coalesce(cast(repositories.tier as {{ dbt.type_string() }}), '(none)') as tier,
        repositories.is_active,
        repositories.is_simulated,
        metrics.metric_id,
        metrics.name,
        metrics.pillar,
        metrics.unit,
        metrics.direction,
        metrics.green,
        metrics.amber,
        weeks.week_start_date,
        weeks.weeks_ago
    from repositories
    cross join metrics
    cross join weeks

),

-- An archived repository owes nothing: it has the weeks in which it was measured.
measured_weeks as (

    select
        repository_weeks.*,
        metric_weeks.numerator,
        metric_weeks.denominator,
        metric_weeks.numerator is not null and coalesce(metric_weeks.denominator, 1) > 0 as is_measured
    from repository_weeks
    left join metric_weeks
        on
            repository_weeks.repository = metric_weeks.repository
            and repository_weeks.metric_id = metric_weeks.metric_id
            and repository_weeks.week_start_date = metric_weeks.week_start_date
    where repository_weeks.is_active or metric_weeks.repository is not null

)

select
    repository,
    metric_id,
    week_start_date,
    weeks_ago > 0 as is_complete,
    weeks_ago,
    name,
    pillar,
    numerator,
    denominator,
    case when denominator is null then numerator else {{ safe_ratio('numerator', 'denominator') }} end as metric_value,
    is_measured,
    {{ one_if('is_measured') }} as measured_count,
    {{ one_if('not is_measured') }} as unmeasured_count,
    unit,
    direction,
    green as target,
    amber as amber_threshold,
    team,
    tier,
    is_simulated
from measured_weeks
