-- One row per repository and week (Monday to Sunday, UTC) that ends 90 days with an incident.
{{ config(partition_by=partitioned_by('week_start_date')) }}

with weeks as (

    select * from {{ ref('int_scorecard_weeks') }}

),

incidents as (

    select * from {{ ref('int_incidents_rehearsed') }}

),

windowed_incidents as (

    select
        coalesce(incidents.repository, '(none)') as repository,
        weeks.week_start_date,
        weeks.is_complete,
        incidents.rehearsal,
        incidents.rehearsed_outcome,
        incidents.opened_at,
        incidents.is_simulated
    from weeks
    inner join incidents
        on
            incidents.opened_at < weeks.known_until_at
            and incidents.opened_at >= {{ moment_plus('weeks.known_until_at', -90, 'day') }}

),

incident_counts as (

    select
        repository,
        week_start_date,
        is_complete,
        count(*) as incident_count,
        count(case when rehearsal <> 'unknown' then 1 end) as understood_incident_count,
        count(case when rehearsal = 'rehearsed' then 1 end) as rehearsed_incident_count,
        count(case when rehearsal = 'rehearsed' and rehearsed_outcome <> 'recovered' then 1 end)
            as foreseen_incident_count,
        count(case when rehearsal = 'unknown' then 1 end) as unknown_incident_count,
        max(opened_at) as last_opened_at,
        max(case when is_simulated then 1 else 0 end) = 1 as is_simulated
    from windowed_incidents
    group by 1, 2, 3

),

chaos_coverage as (

    select
        repository,
        week_start_date,
        is_complete,
        incident_count,
        understood_incident_count,
        rehearsed_incident_count,
        {{ safe_ratio('rehearsed_incident_count', 'understood_incident_count') }} as chaos_coverage_ratio,
        foreseen_incident_count,
        unknown_incident_count,
        last_opened_at,
        is_simulated
    from incident_counts

)

select * from chaos_coverage
