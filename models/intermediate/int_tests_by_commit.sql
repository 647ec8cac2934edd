-- One row per test and commit: whether it was executed more than once, and came out both ways.
with test_executions as (

    select * from {{ ref('int_test_executions') }}

),

-- By job first: a test that fails in one job and passes in another is not flaky.
test_commit_jobs as (

    select
        repository,
        suite,
        class_name,
        test_name,
        parameters,
        commit_sha,
        job,
        is_simulated,
        count(*) as execution_count,
        count(case when is_passed then 1 end) as passed_count,
        count(case when is_passed_after_failing then 1 end) as passed_after_failing_count,
        max(executed_at) as last_executed_at
    from test_executions
    group by
        repository, suite, class_name, test_name, parameters, commit_sha, job, is_simulated

),

judged_test_commit_jobs as (

    select
        *,
        -- A test that the tool itself ran again was executed twice.
        execution_count >= 2 or passed_after_failing_count > 0 as is_repeated,
        passed_after_failing_count > 0 or (passed_count > 0 and passed_count < execution_count) as is_flaky
    from test_commit_jobs

)

select
    repository,
    suite,
    class_name,
    test_name,
    parameters,
    commit_sha,
    is_simulated,
    cast(sum(execution_count) as {{ dbt.type_bigint() }}) as execution_count,
    count(case when is_repeated then 1 end) > 0 as is_repeated,
    count(case when is_flaky then 1 end) > 0 as is_flaky,
    max(last_executed_at) as last_executed_at
from judged_test_commit_jobs
group by
    repository, suite, class_name, test_name, parameters, commit_sha, is_simulated
