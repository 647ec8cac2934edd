{#
    One row per repository and day, from the first day that anything is known of it (a deployment, or an entry of
    the catalogue) to today, with whether it was active: unless the entry in force at the end of the day says
    that it is archived, it was.

        {{ repository_days('deployments', 'catalogue_entries') }}
#}
{% macro repository_days(deployments, catalogue_entries) %}
    -- An entry that holds since ever begins to count when it was first loaded.
    with known_repositories as (

        select
            repository,
            cast(started_at as date) as first_date
        from {{ deployments }}

        union all

        select
            repository,
            cast(
                case when valid_from > cast('1970-01-01 00:00:00' as timestamp) then valid_from else known_since end
                as date
            ) as first_date
        from {{ catalogue_entries }}

    ),

    repository_spans as (

        select
            repository,
            min(first_date) as first_date,
            cast({{ as_of() }} as date) as last_date
        from known_repositories
        group by repository

    ),

    calendar_days as (

        {{ each_day('repository_spans', 'first_date', 'last_date') }}

    )

    select
        calendar_days.repository,
        calendar_days.first_date,
        calendar_days.calendar_date,
        coalesce(entries.is_active, true) as is_active
    from calendar_days
    left join {{ catalogue_entries }} as entries
        on
            calendar_days.repository = entries.repository
            and cast(entries.valid_from as date) <= calendar_days.calendar_date
            and (entries.valid_to is null or cast(entries.valid_to as date) > calendar_days.calendar_date)
{% endmacro %}
