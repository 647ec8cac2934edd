-- One row per test that ever passed and failed on the same commit.
with tests_by_commit as (

    select * from {{ ref('int_tests_by_commit') }}

),

test_executions as (

    select * from {{ ref('int_test_executions') }}

),

flaky_tests as (

    select
        repository,
        suite,
        class_name,
        test_name,
        parameters,
        is_simulated,
        count(*) as commit_count,
        count(case when is_repeated then 1 end) as repeated_commit_count,
        count(case when is_flaky then 1 end) as flaky_commit_count,
        min(case when is_flaky then last_executed_at end) as first_flaky_at,
        max(case when is_flaky then last_executed_at end) as last_flaky_at
    from tests_by_commit
    group by repository, suite, class_name, test_name, parameters, is_simulated
    having count(case when is_flaky then 1 end) > 0

),

flaky_test_executions as (

    select
        flaky_tests.repository,
        flaky_tests.suite,
        flaky_tests.class_name,
        flaky_tests.test_name,
        flaky_tests.parameters,
        count(*) as execution_count,
        count(case when not test_executions.is_passed then 1 end) as failed_execution_count,
        count(
            case when test_executions.executed_at > flaky_tests.last_flaky_at then 1 end
        ) as execution_since_flake_count,
        count(distinct test_executions.failure_fingerprint) as failure_fingerprint_count,
        max(test_executions.executed_at) as last_executed_at
    from flaky_tests
    inner join test_executions
        on
            flaky_tests.repository = test_executions.repository
            and flaky_tests.suite = test_executions.suite
            and flaky_tests.class_name = test_executions.class_name
            and flaky_tests.test_name = test_executions.test_name
            and flaky_tests.parameters = test_executions.parameters
    group by
        flaky_tests.repository,
        flaky_tests.suite,
        flaky_tests.class_name,
        flaky_tests.test_name,
        flaky_tests.parameters

)

select
    flaky_tests.repository,
    flaky_tests.suite,
    flaky_tests.class_name,
    flaky_tests.test_name,
    flaky_tests.parameters,
    flaky_tests.is_simulated,
    case
        when
            flaky_tests.last_flaky_at <= {{ moment_plus(as_of(), -14, 'day') }}
            and flaky_test_executions.execution_since_flake_count >= 20
            then 'fixed'
        when flaky_tests.first_flaky_at > {{ moment_plus(as_of(), -14, 'day') }} then 'new'
        else 'active'
    end as status,
    flaky_tests.first_flaky_at,
    flaky_tests.last_flaky_at,
    flaky_test_executions.last_executed_at,
    flaky_test_executions.execution_count,
    flaky_test_executions.failed_execution_count,
    flaky_test_executions.execution_since_flake_count,
    flaky_test_executions.failure_fingerprint_count,
    flaky_tests.commit_count,
    flaky_tests.repeated_commit_count,
    flaky_tests.flaky_commit_count,
    case
        when flaky_tests.repeated_commit_count >= 5
            then {{ safe_ratio('flaky_tests.flaky_commit_count', 'flaky_tests.repeated_commit_count') }}
    end as flake_ratio,
    case
        when flaky_tests.repeated_commit_count >= 5
            then {{ wilson_lower('flaky_tests.flaky_commit_count', 'flaky_tests.repeated_commit_count') }}
    end as flake_lower_ratio,
    case
        when flaky_tests.repeated_commit_count >= 5
            then {{ wilson_upper('flaky_tests.flaky_commit_count', 'flaky_tests.repeated_commit_count') }}
    end as flake_upper_ratio
from flaky_tests
inner join flaky_test_executions
    on
        flaky_tests.repository = flaky_test_executions.repository
        and flaky_tests.suite = flaky_test_executions.suite
        and flaky_tests.class_name = flaky_test_executions.class_name
        and flaky_tests.test_name = flaky_test_executions.test_name
        and flaky_tests.parameters = flaky_test_executions.parameters
