-- One row per test, commit, job and execution: whether it passed. Only what can show a flaky test.
with test_suites as (

    select * from {{ ref('int_test_suites_current') }}

),

test_cases as (

    select * from {{ ref('int_test_cases_current') }}

),

-- A run that was cut short fails tests that are none the worse for it.
cut_short_runs as (

    select * from {{ ref('pipeline_runs') }}
    where run_status in ('canceled', 'timed_out')

),

-- The legs of a matrix share the name of their job. A test that fails on one system only is not
-- flaky, so the legs are one execution, which failed if any of them did. Reports without a run are
-- executions of their own.
executed_cases as (

    select
        test_suites.repository,
        test_suites.suite,
        test_cases.class_name,
        test_cases.test_name,
        test_cases.parameters,
        test_suites.commit_sha,
        coalesce(test_suites.job, '(none)') as job,
        case
            when test_suites.run_id is null then test_suites.test_suite_id
            else
                concat(
                    coalesce(test_suites.provider, 'hub'),
                    ' ',
                    test_suites.run_id,
                    ' ',
                    cast(coalesce(test_suites.run_attempt, 1) as {{ dbt.type_string() }})
                )
        end as execution_id,
        test_suites.started_at,
        test_cases.outcome,
        test_cases.outcome = 'passed' and coalesce(test_cases.attempt_count, 1) > 1 as is_passed_after_failing,
        test_cases.failure_fingerprint
    from test_cases
    inner join test_suites
        on test_cases.test_suite_id = test_suites.test_suite_id
    left join cut_short_runs
        on
            test_suites.repository = cut_short_runs.repository
            and test_suites.run_id = cut_short_runs.run_id
            and coalesce(test_suites.provider, 'hub') = cut_short_runs.provider
            and coalesce(test_suites.run_attempt, 1) = cut_short_runs.run_attempt
    where
        test_suites.commit_sha is not null
        and test_cases.outcome in ('passed', 'failed', 'error')
        and cut_short_runs.run_id is null

)

select
    repository,
    suite,
    class_name,
    test_name,
    parameters,
    commit_sha,
    job,
    execution_id,
    {{ is_simulated('repository') }} as is_simulated,
    max(started_at) as executed_at,
    count(case when outcome in ('failed', 'error') then 1 end) = 0 as is_passed,
    count(case when is_passed_after_failing then 1 end) > 0 as is_passed_after_failing,
    max(failure_fingerprint) as failure_fingerprint
from executed_cases
group by
    repository, suite, class_name, test_name, parameters, commit_sha, job, execution_id
