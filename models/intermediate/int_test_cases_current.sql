-- One row per test case (test_suite_id, ordinal) of a suite run.
with test_cases as (

    select * from {{ ref('stg_test_cases') }}

),

test_suites_current as (

    select * from {{ ref('int_test_suites_current') }}

),

-- Of the loads that brought the same report, only the newest one's rows count.
current_test_cases as (

    select test_cases.*
    from test_cases
    inner join test_suites_current
        on test_cases._event_id = test_suites_current._event_id

)

select * from current_test_cases
