-- One row per week, load and topic behind the ratio of rejected evidence, of the last four complete weeks.
with load_topics as (

    select
        *,
        {{ week_of('loaded_at') }} as week_start_date,
        loaded_event_count + rejected_event_count as event_count
    from {{ ref('stg_load_topics') }}
    where cast(loaded_at as date) >= {{ evidence_since() }}

),

evidence as (

    {{ evidence_of(
        'reject_ratio', 'load_topics', 'load', 'week_start_date', "load_id || ' ' || topic",
        "topic || ' of load ' || substr(load_id, 1, 12)", 'loaded_at',
        is_excluded='event_count = 0',
        numerator='rejected_event_count',
        denominator='event_count',
        repository='cast(null as ' ~ dbt.type_string() ~ ')',
        event_id='null',
        load_id='load_id',
        why="case when event_count = 0 then 'No event of it arrived.'
            else " ~ whole('rejected_event_count') ~ " || ' of ' || " ~ whole('event_count') ~ "
            || ' events were rejected.' end"
    ) }}

)

select * from evidence
