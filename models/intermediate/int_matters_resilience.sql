-- One row per open matter of resilience: drills that failed, are stale or were never finished, and fragile services.
with dr_drills as (

    select * from {{ ref('dr_drills') }}
    where is_newest

),

chaos_experiments as (

    select * from {{ ref('chaos_experiments') }}

),

targets as (

    select * from {{ ref('int_targets') }}
    where metric_id = 'resilience_ratio'

),

-- One drill has one matter: what failed is not also called old.
drill_matters as (

    select
        *,
        case
            when drill_verdict = 'refuted' then 'failed_drill'
            when is_stale and held_at is not null then 'stale_drill'
            when drill_verdict = 'undecided' and counted_drill_count = 0 and age_days >= 2 then 'unfinished_drill'
        end as kind
    from dr_drills

),

drills as (

    select
        kind,
        repository,
        coalesce(repository, '(none)') || ' ' || service || ' ' || drill as subject,
        is_simulated,
        case when kind = 'stale_drill' then {{ moment_plus('held_at', 'cadence_days', 'day') }} else held_at end as since_at,
        case kind
            when 'failed_drill' then case when rto_ms > rto_objective_ms then (rto_ms - rto_objective_ms) / 3600000 end
            when 'stale_drill' then cast(age_days - cadence_days as {{ type_double() }})
            else cast(age_days as {{ type_double() }})
        end as size_value,
        case
            when kind <> 'failed_drill' then 'days'
            when rto_ms > rto_objective_ms then 'hours'
        end as size_unit,
        case kind
            when 'failed_drill' then case when rto_ms > rto_objective_ms then {{ safe_ratio('rto_ms', 'rto_objective_ms') }} end
            when 'stale_drill' then {{ safe_ratio('age_days', 'cadence_days') }}
        end as times_allowed,
        case kind
            when 'failed_drill' then 'A recovery drill of ' || coalesce(repository, service) || ' failed. ' || why
            when 'stale_drill'
                then
                    'The last recovery drill of ' || coalesce(repository, service) || ' was ' || {{ whole('age_days') }}
                    || ' days ago, and one is due every ' || {{ whole('cadence_days') }}
                    || ': nobody knows whether it could be restored today.'
            else
                'A recovery drill of ' || coalesce(repository, service) || ' was begun ' || {{ whole('age_days') }}
                || ' days ago and never finished: it proves nothing.'
        end as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        cast(null as {{ dbt.type_string() }}) as owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'dr_drills' as source_mart,
        {{ filter_text({'drill_id': 'drill_id'}) }} as source_filter
    from drill_matters
    where kind is not null

),

recent_experiments as (

    select
        repository,
        is_simulated,
        sum(recovered_experiment_count) as recovered_experiment_count,
        sum(counted_experiment_count) as counted_experiment_count,
        min(started_at) as since_at
    from chaos_experiments
    where
        repository is not null
        and started_at >= {{ moment_plus(as_of(), -28, 'day') }}
        and started_at <= {{ as_of() }}
    group by repository, is_simulated

),

-- Red beyond chance: also the upper end of the ratio's Wilson band is worse than amber.
fragile_services as (

    select
        'fragile_service' as kind,
        recent_experiments.repository,
        recent_experiments.repository as subject,
        recent_experiments.is_simulated,
        recent_experiments.since_at,
        cast(
            recent_experiments.counted_experiment_count - recent_experiments.recovered_experiment_count
            as {{ type_double() }}
        ) as size_value,
        'experiments' as size_unit,
        targets.amber
        / nullif({{ safe_ratio(
            'recent_experiments.recovered_experiment_count', 'recent_experiments.counted_experiment_count'
        ) }}, 0) as times_allowed,
        recent_experiments.repository || ' recovered from only '
        || {{ whole('recent_experiments.recovered_experiment_count') }} || ' of '
        || {{ whole('recent_experiments.counted_experiment_count') }}
        || ' faults that were injected within four weeks.' as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        cast(null as {{ dbt.type_string() }}) as owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'chaos_experiments' as source_mart,
        {{ filter_text({'repository': 'recent_experiments.repository'}) }}
        || ' and is_counted and recovered_experiment_count = 0' as source_filter
    from recent_experiments
    cross join targets
    where
        recent_experiments.counted_experiment_count >= targets.minimum_sample
        and {{ wilson_upper(
            'recent_experiments.recovered_experiment_count', 'recent_experiments.counted_experiment_count'
        ) }} < targets.amber

),

matters as (

    select * from drills
    union all
    select * from fragile_services

)

select * from matters
