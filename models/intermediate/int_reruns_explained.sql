-- One row per attempt after the first of a run (provider, repository, run_id, run_attempt), with why it was made.
with attempts as (

    select * from {{ ref('int_pipeline_runs_costed') }}

),

test_executions as (

    select * from {{ ref('int_test_executions') }}

),

tests_by_commit as (

    select * from {{ ref('int_tests_by_commit') }}

),

-- Which tests failed in an attempt, and whether all of them also passed on the same commit.
failed_executions as (

    select
        test_executions.repository,
        test_executions.execution_id,
        count(*) as failed_test_count,
        count(case when tests_by_commit.is_flaky then 1 end) as flaky_test_count
    from test_executions
    inner join tests_by_commit
        on
            test_executions.repository = tests_by_commit.repository
            and test_executions.suite = tests_by_commit.suite
            and test_executions.class_name = tests_by_commit.class_name
            and test_executions.test_name = tests_by_commit.test_name
            and test_executions.parameters = tests_by_commit.parameters
            and test_executions.commit_sha = tests_by_commit.commit_sha
    where not test_executions.is_passed
    group by test_executions.repository, test_executions.execution_id

),

reruns as (

    select
        reruns.*,
        previous.run_status as previous_run_status,
        previous.provider
        || ' ' || previous.run_id
        || ' ' || cast(previous.run_attempt as {{ dbt.type_string() }}) as previous_execution_id
    from attempts as reruns
    inner join attempts as previous
        on
            reruns.provider = previous.provider
            and reruns.repository = previous.repository
            and reruns.run_id = previous.run_id
            and reruns.run_attempt = previous.run_attempt + 1
            and reruns.commit_sha = previous.commit_sha
    -- Said once more, because few are: the join then holds these, not all attempts.
    where reruns.run_attempt > 1

)

select
    reruns.provider,
    reruns.repository,
    reruns.run_id,
    reruns.run_attempt,
    reruns.started_date,
    case
        when reruns.previous_run_status not in ('failed', 'timed_out') then 'not_failed'
        when failed_executions.failed_test_count is null then 'unexplained'
        when failed_executions.flaky_test_count = failed_executions.failed_test_count then 'flaky'
        else 'failing_tests'
    end as reason,
    reruns.job_ms,
    reruns.cost_usd,
    reruns.carbon_g_co2e,
    reruns.is_simulated
from reruns
left join failed_executions
    on
        reruns.repository = failed_executions.repository
        and reruns.previous_execution_id = failed_executions.execution_id
