-- One row per revision of a week (Monday to Sunday, UTC), metric and origin (real or simulated); read those that are current.
with revisions as (

    select * from {{ ref('int_scorecard_revisions') }}

),

measured_weeks as (

    select * from {{ ref('int_scorecard_measured') }}

),

metric_definitions as (

    select * from {{ ref('metric_definitions') }}

),

{% set known_columns = [
    'week_start_date', 'known_until_at', 'is_simulated', 'metric_id', 'metric_version', 'unit', 'direction', 'green',
    'amber', 'minimum_sample', 'freshness_days', 'metric_value', 'numerator', 'denominator', 'sample_count',
    'measured_at'
] %}
-- What was published of the weeks that are over, and what is known of the one in progress.
published_weeks as (

    select
        {% for column in known_columns %}
            {{ column }},
        {% endfor %}
        true as is_complete,
        revision,
        published_at,
        restated_at,
        restatement_reason,
        row_number() over (partition by week_start_date, metric_id, is_simulated order by revision desc) = 1
            as is_current
    from revisions
    where week_start_date < {{ week_of(as_of()) }}
    union all
    select
        {% for column in known_columns %}
            {{ column }},
        {% endfor %}
        false as is_complete,
        cast(0 as {{ dbt.type_bigint() }}) as revision,
        cast(null as timestamp) as published_at,
        cast(null as timestamp) as restated_at,
        cast(null as {{ dbt.type_string() }}) as restatement_reason,
        true as is_current
    from measured_weeks
    where not is_complete

),

sufficient_weeks as (

    select
        *,
        metric_value is not null and sample_count >= minimum_sample as is_sufficient
    from published_weeks

),

dated_weeks as (

    select
        sufficient_weeks.*,
        metric_definitions.pillar,
        metric_definitions.name,
        metric_definitions.owner,
        {{ dbt.datediff('sufficient_weeks.week_start_date', week_of(as_of()), 'week') }} as weeks_ago,
        {{ dbt.datediff('sufficient_weeks.measured_at', 'sufficient_weeks.known_until_at', 'day') }} as age_days,
        four_weeks_before.metric_value as metric_value_four_weeks_ago
    from sufficient_weeks
    inner join metric_definitions on sufficient_weeks.metric_id = metric_definitions.metric_id
    -- A part of a week is never held against a whole one, nor much against too little, nor one meaning against another.
    left join sufficient_weeks as four_weeks_before
        on
            sufficient_weeks.is_complete
            and sufficient_weeks.is_sufficient
            and four_weeks_before.is_sufficient
            and four_weeks_before.is_current
            and {{ date_plus('sufficient_weeks.week_start_date', -28) }} = four_weeks_before.week_start_date
            and sufficient_weeks.metric_id = four_weeks_before.metric_id
            and sufficient_weeks.metric_version = four_weeks_before.metric_version
            and sufficient_weeks.is_simulated = four_weeks_before.is_simulated

),

judged_weeks as (

    select
        *,
        case
            when measured_at is null then 'never_measured'
            when not is_complete then 'in_progress'
            when metric_value is null and age_days > freshness_days then 'stale'
            when metric_value is null then 'nothing_counted'
            when not is_sufficient then 'too_little'
            when age_days > freshness_days then 'stale'
            when green is null then 'no_target'
        end as grey_reason,
        case
            when direction = 'higher' and metric_value >= green then 'green'
            when direction = 'higher' and metric_value >= amber then 'amber'
            when direction = 'lower' and metric_value <= green then 'green'
            when direction = 'lower' and metric_value <= amber then 'amber'
            else 'red'
        end as colour
    from dated_weeks

)

select
    week_start_date,
    revision,
    is_current,
    is_complete,
    weeks_ago,
    pillar,
    metric_id,
    metric_version,
    name,
    is_simulated,
    metric_value,
    numerator,
    denominator,
    sample_count,
    minimum_sample,
    unit,
    direction,
    green as target,
    amber as amber_threshold,
    case when grey_reason is null then colour else 'grey' end as status,
    cast(
        case when grey_reason is null then case colour when 'red' then 0 when 'amber' then 1 else 4 end end
        as {{ dbt.type_bigint() }}
    ) as status_shade,
    grey_reason,
    case grey_reason
        when 'never_measured' then 'Never measured: no evidence by the end of the week.'
        when 'in_progress' then 'The week is not over.'
        when 'stale'
            then
                'Last measured ' || cast(age_days as {{ dbt.type_string() }})
                || ' days before the end of the week: too long ago to say anything.'
        when 'nothing_counted' then 'Nothing was counted in this week.'
        when 'too_little'
            then
                'Too little data: ' || cast(sample_count as {{ dbt.type_string() }}) || ' of at least '
                || cast(minimum_sample as {{ dbt.type_string() }}) || '.'
        when 'no_target' then {{ readable('metric_value', 'unit') }} || '; no target is set, only the trend counts.'
        else
            {{ value_against_target('green') }}
    end as why,
    metric_value_four_weeks_ago,
    case
        when metric_value_four_weeks_ago is not null then metric_value - metric_value_four_weeks_ago
    end as change_over_four_weeks,
    case
        when metric_value_four_weeks_ago is null then 'unknown'
        when metric_value = metric_value_four_weeks_ago then 'same'
        when (metric_value > metric_value_four_weeks_ago) = (direction = 'higher') then 'better'
        else 'worse'
    end as trend,
    measured_at,
    age_days,
    freshness_days,
    published_at,
    restated_at,
    restatement_reason,
    owner
from judged_weeks
