-- One row per metric of resilience, week and experiment or kind of drill behind it, of the last four complete weeks.
with experiments as (

    select * from {{ ref('chaos_experiments') }}
    where started_date >= {{ evidence_since() }}

),

weeks as (

    select * from {{ ref('int_scorecard_weeks') }}
    where is_complete and week_start_date >= {{ evidence_since() }}

),

-- What was known of each kind of drill when the week was over, as in `int_metric_weeks_resilience`.
drill_weeks as (

    select
        weeks.week_start_date as known_week_date,
        dr_drills.repository,
        dr_drills.service,
        dr_drills.drill,
        dr_drills.is_simulated,
        dr_drills.held_at,
        dr_drills.met_drill_count,
        dr_drills.why,
        dr_drills._event_id,
        coalesce(dr_drills.repository, '(none)') || ' ' || dr_drills.service || ' ' || dr_drills.drill as series,
        {{ dbt.datediff('dr_drills.held_at', 'weeks.known_until_at', 'day') }} as age_days,
        dr_drills.cadence_days
    from {{ ref('dr_drills') }} as dr_drills
    inner join weeks on dr_drills.held_at < weeks.known_until_at
    where dr_drills.counted_drill_count = 1 and dr_drills.held_at is not null
    qualify row_number() over (
        partition by
            weeks.week_start_date,
            coalesce(dr_drills.repository, '(none)') || ' ' || dr_drills.service || ' ' || dr_drills.drill,
            dr_drills.is_simulated
        order by dr_drills.held_at desc, dr_drills.drill_id desc
    ) = 1

),

evidence as (

    {{ evidence_of(
        'resilience_ratio', 'experiments', 'chaos_experiment', 'week_start_date', 'chaos_experiment_id',
        "experiment || coalesce(', ' || fault, '')", 'started_at',
        is_excluded='not is_counted',
        numerator='recovered_experiment_count',
        denominator='counted_experiment_count',
        why="'It ended as ' || coalesce(why_not_counted, outcome) || '.'"
    ) }}
    union all
    {{ evidence_of(
        'drills_met_ratio', 'drill_weeks', 'dr_drill', 'known_week_date', 'series',
        "drill || ' of ' || service", 'held_at',
        numerator='met_drill_count',
        denominator='1',
        why='why'
    ) }}
    union all
    {{ evidence_of(
        'drill_freshness_ratio', 'drill_weeks', 'dr_drill', 'known_week_date', 'series',
        "drill || ' of ' || service", 'held_at',
        numerator=one_if('age_days <= cadence_days'),
        denominator='1',
        why="'Held ' || " ~ whole('age_days') ~ " || ' days before the week ended'
            || coalesce('; wanted is every ' || " ~ whole('cadence_days') ~ " || ' days', '') || '.'"
    ) }}

)

select * from evidence
