-- One row per check that a released artifact must have passed: as shipped, or as overridden.
with shipped_checks as (

    select * from {{ ref('required_checks') }}

),

overriding_checks as (

    select * from {{ ref('required_checks_overrides') }}

),

effective_checks as (

    select
        check_name,
        max_age_days
    from shipped_checks
    where check_name not in (select overriding_checks.check_name from overriding_checks)

    union all

    select
        check_name,
        max_age_days
    from overriding_checks
    where max_age_days is not null

)

select * from effective_checks
