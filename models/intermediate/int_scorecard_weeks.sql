-- One row per week of the executive scorecard: the last thirteen complete ones and the one in progress.
with weeks as (

    {{ last_weeks(13) }}

),

bounded_weeks as (

    select
        week_start_date,
        weeks_ago,
        weeks_ago > 0 as is_complete,
        -- Where the week ends, or now: what is not known by then does not belong to it.
        case
            when weeks_ago = 0 then {{ as_of() }}
            else cast({{ date_plus('week_start_date', 7) }} as timestamp)
        end as known_until_at
    from weeks

)

select * from bounded_weeks
