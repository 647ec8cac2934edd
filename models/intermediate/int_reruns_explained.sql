-- One row per attempt after the first of a run (provider, repository, run_id, run_attempt), with why it was made.
with later_attempts as (

    select * from {{ ref('int_pipeline_runs_costed') }}
    where run_attempt > 1

),

-- Few attempts were followed by another: the join holds these, not all.
superseded_attempts as (

    select * from {{ ref('int_pipeline_runs_costed') }}
    where not is_final_attempt

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
        later_attempts.*,
        superseded_attempts.run_status as previous_run_status,
        superseded_attempts.provider
        || ' ' || superseded_attempts.run_id
        || ' ' || cast(superseded_attempts.run_attempt as {{ dbt.type_string() }}) as previous_execution_id
    from later_attempts
    inner join superseded_attempts
        on
            later_attempts.provider = superseded_attempts.provider
            and later_attempts.repository = superseded_attempts.repository
            and later_attempts.run_id = superseded_attempts.run_id
            and later_attempts.run_attempt = superseded_attempts.run_attempt + 1
            and later_attempts.commit_sha = superseded_attempts.commit_sha

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
