-- One row per repository × service level indicator × day of the last 28: its error budget of 30 days as the day ended.
{{ config(partition_by=partitioned_by('evaluated_date')) }}
{#- How many days are judged, that in progress included. #}
{% set evaluated_days = var('error_budget_days', 28) | int %}
{#- The longest first; it tells how far back the others look too. #}
{% set windows = {
    '3d': (3, 'day'),
    '1d': (1, 'day'),
    '6h': (6, 'hour'),
    '2h': (2, 'hour'),
    '1h': (1, 'hour'),
    '30m': (30, 'minute'),
    '5m': (5, 'minute'),
} %}
{% set longest = windows.values() | first %}

with service_events as (

    select * from {{ ref('int_service_events') }}
    where happened_at > {{ moment_plus(as_of(), -31 - evaluated_days, 'day') }}

),

objectives as (

    select
        *,
        {{ date_plus('cast(' ~ as_of() ~ ' as date)', 1 - evaluated_days) }} as first_date,
        cast({{ as_of() }} as date) as last_date
    from {{ ref('int_service_objectives') }}

),

objective_days as (

    {{ each_day('objectives', 'first_date', 'last_date') }}

),

-- The day in progress is judged as of now.
evaluations as (

    select
        repository,
        sli,
        target_ratio,
        minimum_event_count,
        objective_source,
        calendar_date as evaluated_date,
        calendar_date = last_date as is_newest,
        case
            when calendar_date = last_date then {{ as_of() }}
            else cast({{ date_plus('calendar_date', 1) }} as timestamp)
        end as evaluated_at
    from objective_days

),

budget_counts as (

    select
        evaluations.repository,
        evaluations.sli,
        evaluations.evaluated_date,
        count(*) as event_count,
        count(case when not service_events.is_good then 1 end) as bad_event_count
    from evaluations
    inner join service_events
        on
            evaluations.repository = service_events.repository
            and evaluations.sli = service_events.sli
            and service_events.happened_at <= evaluations.evaluated_at
            and service_events.happened_at > {{ moment_plus('evaluations.evaluated_at', -30, 'day') }}
    group by evaluations.repository, evaluations.sli, evaluations.evaluated_date

),

-- Apart from the 30 days of the budget: no window of an alert is nearly as long.
window_counts as (

    select
        evaluations.repository,
        evaluations.sli,
        evaluations.evaluated_date,
        {% for name, (length, part) in windows.items() -%}
            {%- set is_inside = 'service_events.happened_at > ' ~ moment_plus('evaluations.evaluated_at', -1 * length, part) -%}
            count(case when {{ is_inside }} then 1 end) as event_count_{{ name }},
            count(case when {{ is_inside }} and not service_events.is_good then 1 end) as bad_event_count_{{ name }}
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from evaluations
    inner join service_events
        on
            evaluations.repository = service_events.repository
            and evaluations.sli = service_events.sli
            and service_events.happened_at <= evaluations.evaluated_at
            and service_events.happened_at > {{ moment_plus('evaluations.evaluated_at', -1 * longest[0], longest[1]) }}
    group by evaluations.repository, evaluations.sli, evaluations.evaluated_date

),

budgets as (

    select
        evaluations.repository,
        evaluations.sli,
        evaluations.evaluated_date,
        evaluations.evaluated_at,
        evaluations.is_newest,
        evaluations.target_ratio,
        evaluations.objective_source,
        evaluations.minimum_event_count,
        coalesce(budget_counts.event_count, 0) as event_count,
        coalesce(budget_counts.event_count - budget_counts.bad_event_count, 0) as good_event_count,
        coalesce(budget_counts.bad_event_count, 0) as bad_event_count,
        -- Rounded, as (1 - 0.9) * 10 is a little less than one.
        round((1 - evaluations.target_ratio) * coalesce(budget_counts.event_count, 0), 9) as allowed_bad_event_count,
        {% for name in windows -%}
            coalesce(window_counts.event_count_{{ name }}, 0) as event_count_{{ name }},
            coalesce(window_counts.bad_event_count_{{ name }}, 0) as bad_event_count_{{ name }},
            {{ safe_ratio('window_counts.bad_event_count_' ~ name, 'window_counts.event_count_' ~ name) }}
            / nullif(round(1 - evaluations.target_ratio, 9), 0) as burn_rate_{{ name }}
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from evaluations
    left join budget_counts
        on
            evaluations.repository = budget_counts.repository
            and evaluations.sli = budget_counts.sli
            and evaluations.evaluated_date = budget_counts.evaluated_date
    left join window_counts
        on
            evaluations.repository = window_counts.repository
            and evaluations.sli = window_counts.sli
            and evaluations.evaluated_date = window_counts.evaluated_date

),

budgets_with_alerts as (

    select
        *,
        {{ burn_alert(14.4, '1h', '5m') }} as burn_14_4_alert,
        {{ burn_alert(6, '6h', '30m') }} as burn_6_alert,
        {{ burn_alert(3, '1d', '2h') }} as burn_3_alert,
        {{ burn_alert(1, '3d', '6h') }} as burn_1_alert
    from budgets

)

select
    repository,
    sli,
    evaluated_date,
    evaluated_at,
    is_newest,
    cast(30 as {{ dbt.type_bigint() }}) as window_days,
    target_ratio,
    objective_source,
    minimum_event_count,
    event_count,
    good_event_count,
    bad_event_count,
    {{ safe_ratio('good_event_count', 'event_count') }} as good_event_ratio,
    allowed_bad_event_count,
    {{ safe_ratio('bad_event_count', 'allowed_bad_event_count') }} as consumed_ratio,
    case
        when event_count < minimum_event_count then 'unknown'
        when bad_event_count = 0 then 'within'
        when bad_event_count >= allowed_bad_event_count then 'spent'
        else 'within'
    end as budget_status,
    {% for name in windows -%}
        event_count_{{ name }},
        bad_event_count_{{ name }},
        burn_rate_{{ name }},
    {% endfor -%}
    burn_14_4_alert,
    burn_6_alert,
    burn_3_alert,
    burn_1_alert,
    case
        when burn_14_4_alert = 'firing' or burn_6_alert = 'firing' then 'page'
        when burn_3_alert = 'firing' or burn_1_alert = 'firing' then 'ticket'
        when 'quiet' in (burn_14_4_alert, burn_6_alert, burn_3_alert, burn_1_alert) then 'none'
        else 'undecided'
    end as response,
    {{ is_simulated('repository') }} as is_simulated
from budgets_with_alerts
