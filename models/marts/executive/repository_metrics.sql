-- One row per repository and metric that adds up over repositories: the last four complete weeks against the four before.
with metric_weeks as (

    select * from {{ ref('repository_metrics_by_week') }}
    where is_complete

),

targets as (

    select * from {{ ref('int_targets') }}

),

metric_evidence as (

    select * from {{ ref('metric_evidence') }}

),

summed_weeks as (

    select
        repository,
        metric_id,
        max(name) as name,
        max(pillar) as pillar,
        sum(case when weeks_ago <= 4 then numerator end) as numerator,
        sum(case when weeks_ago <= 4 then denominator end) as denominator,
        sum(case when weeks_ago between 5 and 8 then numerator end) as numerator_four_weeks_ago,
        sum(case when weeks_ago between 5 and 8 then denominator end) as denominator_four_weeks_ago,
        cast(sum(case when weeks_ago <= 4 then measured_count else 0 end) as {{ dbt.type_bigint() }})
            as measured_week_count,
        sum(case when weeks_ago between 5 and 8 then measured_count else 0 end) as measured_week_count_four_weeks_ago,
        max(case when is_measured then week_start_date end) as last_measured_week_start_date,
        max(unit) as unit,
        max(direction) as direction,
        max(target) as target,
        max(amber_threshold) as amber_threshold,
        max(team) as team,
        max(tier) as tier,
        max(case when is_simulated then 1 else 0 end) = 1 as is_simulated
    from metric_weeks
    group by repository, metric_id
    -- An archived repository that was not measured any more is nothing to connect.
    having min(weeks_ago) <= 4

),

repositories_with_targets as (

    select
        summed_weeks.*,
        targets.minimum_sample,
        metric_evidence.evidence
    from summed_weeks
    inner join targets on summed_weeks.metric_id = targets.metric_id
    inner join metric_evidence on summed_weeks.metric_id = metric_evidence.metric_id

),

valued_repositories as (

    select
        *,
        case when denominator is null then numerator else {{ safe_ratio('numerator', 'denominator') }} end as metric_value,
        case
            when denominator_four_weeks_ago is null then numerator_four_weeks_ago
            else {{ safe_ratio('numerator_four_weeks_ago', 'denominator_four_weeks_ago') }}
        end as metric_value_four_weeks_ago,
        -- A count has no denominator: it is as well known as weeks were looked at.
        coalesce(denominator, measured_week_count) as sample_count,
        coalesce(denominator_four_weeks_ago, measured_week_count_four_weeks_ago) as sample_count_four_weeks_ago
    from repositories_with_targets

),

-- Too little to judge is too little to compare.
comparable_repositories as (

    select
        *,
        case
            when last_measured_week_start_date is null then 'never_measured'
            -- Spent on nothing, as money on runs of which none succeeded.
            when denominator = 0 then 'too_little'
            when metric_value is null then 'not_measured_now'
            when sample_count < minimum_sample then 'too_little'
            when target is null then 'no_target'
        end as grey_reason,
        case
            when sample_count >= minimum_sample and sample_count_four_weeks_ago >= minimum_sample
                then metric_value_four_weeks_ago
        end as comparable_value,
        case
            when direction = 'higher' and metric_value >= target then 'green'
            when direction = 'higher' and metric_value >= amber_threshold then 'amber'
            when direction = 'lower' and metric_value <= target then 'green'
            when direction = 'lower' and metric_value <= amber_threshold then 'amber'
            else 'red'
        end as colour
    from valued_repositories

),

compared_repositories as (

    select
        *,
        case
            when comparable_value is null or metric_value is null then 'unknown'
            when metric_value = comparable_value then 'same'
            when (metric_value > comparable_value) = (direction = 'higher') then 'better'
            else 'worse'
        end as trend
    from comparable_repositories

)

select
    repository,
    metric_id,
    name,
    pillar,
    metric_value,
    numerator,
    denominator,
    comparable_value as metric_value_four_weeks_ago,
    trend,
    case trend
        when 'better' then '▲ better'
        when 'worse' then '▼ worse'
        when 'same' then '= same'
        else '– not comparable'
    end as movement,
    target,
    amber_threshold,
    unit,
    direction,
    case when grey_reason is null then colour else 'grey' end as status,
    grey_reason,
    case grey_reason
        when 'never_measured' then 'Not measured in thirteen weeks: load ' || evidence || '.'
        when 'not_measured_now'
            then
                'Not measured since the week of ' || cast(last_measured_week_start_date as {{ dbt.type_string() }})
                || ': load ' || evidence || '.'
        when 'too_little'
            then
                'Too little to judge: ' || {{ readable('sample_count', "'count'") }} || ' of at least '
                || cast(minimum_sample as {{ dbt.type_string() }}) || '.'
        when 'no_target' then {{ readable('metric_value', 'unit') }} || '; no target is set, only the trend counts.'
        else
            {{ value_against_target('target') }}
    end as why,
    'Load ' || evidence || '.' as how_to_measure,
    {{ one_if('metric_value is not null') }} as measured_count,
    {{ one_if('metric_value is null') }} as unmeasured_count,
    -- Of a target without a band between green and red, in the unit itself.
    case
        when grey_reason is null and colour <> 'green'
            then coalesce(
                abs(metric_value - target) / nullif(abs(target - amber_threshold), 0),
                abs(metric_value - target)
            )
    end as distance,
    {{ one_if("grey_reason is null and colour = 'red'") }} as red_count,
    {{ one_if("grey_reason is null and colour = 'amber'") }} as amber_count,
    {{ one_if("grey_reason is null and colour = 'green'") }} as green_count,
    {{ one_if("grey_reason is not null") }} as grey_count,
    measured_week_count,
    last_measured_week_start_date,
    team,
    tier,
    is_simulated
from compared_repositories
