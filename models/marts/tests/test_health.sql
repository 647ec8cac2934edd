-- One row per repository, suite and day: how its tests came out, how long they took, how flaky they are.
with test_suites as (

    select * from {{ ref('int_test_suites_current') }}

),

test_cases as (

    select * from {{ ref('int_test_cases_current') }}

),

tests_by_commit as (

    select * from {{ ref('int_tests_by_commit') }}

),

case_counts as (

    select
        test_suite_id,
        count(case when outcome = 'passed' then 1 end) as passed_test_count,
        count(case when outcome = 'failed' then 1 end) as failed_test_count,
        count(case when outcome = 'error' then 1 end) as error_test_count,
        count(case when outcome = 'skipped' then 1 end) as skipped_test_count,
        count(case when outcome = 'passed' and attempt_count > 1 then 1 end) as flaky_test_count
    from test_cases
    group by test_suite_id

),

reported_suites as (

    select
        *,
        coalesce(reported_failed_test_count, 0) as reported_failed,
        coalesce(reported_error_test_count, 0) as reported_error,
        coalesce(reported_skipped_test_count, 0) as reported_skipped,
        coalesce(
            reported_test_count
            >= coalesce(reported_failed_test_count, 0)
            + coalesce(reported_error_test_count, 0)
            + coalesce(reported_skipped_test_count, 0),
            false
        ) as has_possible_totals
    from test_suites

),

-- A suite's own totals count only where it lists no case, and only if they can be true.
counted_suites as (

    select
        reported_suites.repository,
        reported_suites.suite,
        reported_suites.is_simulated,
        cast(reported_suites.started_at as date) as started_date,
        reported_suites.duration_ms,
        case
            when case_counts.test_suite_id is not null then case_counts.passed_test_count
            when reported_suites.has_possible_totals
                then
                    reported_suites.reported_test_count
                    - reported_suites.reported_failed
                    - reported_suites.reported_error
                    - reported_suites.reported_skipped
        end as passed_test_count,
        case
            when case_counts.test_suite_id is not null then case_counts.failed_test_count
            when reported_suites.has_possible_totals then reported_suites.reported_failed
        end as failed_test_count,
        case
            when case_counts.test_suite_id is not null then case_counts.error_test_count
            when reported_suites.has_possible_totals then reported_suites.reported_error
        end as error_test_count,
        case
            when case_counts.test_suite_id is not null then case_counts.skipped_test_count
            when reported_suites.has_possible_totals then reported_suites.reported_skipped
        end as skipped_test_count,
        case_counts.flaky_test_count
    from reported_suites
    left join case_counts
        on reported_suites.test_suite_id = case_counts.test_suite_id

),

suite_days as (

    select
        repository,
        suite,
        started_date,
        is_simulated,
        count(*) as suite_run_count,
        count(
            case when coalesce(failed_test_count, 0) + coalesce(error_test_count, 0) > 0 then 1 end
        ) as failed_suite_run_count,
        cast(sum(passed_test_count) as {{ dbt.type_bigint() }}) as passed_test_count,
        cast(sum(failed_test_count) as {{ dbt.type_bigint() }}) as failed_test_count,
        cast(sum(error_test_count) as {{ dbt.type_bigint() }}) as error_test_count,
        cast(sum(skipped_test_count) as {{ dbt.type_bigint() }}) as skipped_test_count,
        cast(sum(flaky_test_count) as {{ dbt.type_bigint() }}) as flaky_test_count,
        count(duration_ms) as timed_suite_run_count,
        cast(sum(duration_ms) as {{ dbt.type_bigint() }}) as total_duration_ms,
        {{ percentile('duration_ms', 0.5) }} as p50_duration_ms,
        {{ percentile('duration_ms', 0.95) }} as p95_duration_ms
    from counted_suites
    group by repository, suite, started_date, is_simulated

),

-- A commit belongs to the day of its last execution: only then is it known whether it came out both ways.
commit_days as (

    select
        repository,
        suite,
        cast(max(last_executed_at) as date) as started_date,
        commit_sha,
        count(case when is_repeated then 1 end) > 0 as is_repeated,
        count(case when is_flaky then 1 end) > 0 as is_flaky
    from tests_by_commit
    group by repository, suite, commit_sha

),

flaky_days as (

    select
        repository,
        suite,
        started_date,
        count(case when is_repeated then 1 end) as repeated_commit_count,
        count(case when is_flaky then 1 end) as flaky_commit_count
    from commit_days
    group by repository, suite, started_date

),

suite_days_with_flakes as (

    select
        suite_days.*,
        suite_days.passed_test_count + suite_days.failed_test_count + suite_days.error_test_count
            as executed_test_count,
        coalesce(flaky_days.repeated_commit_count, 0) as repeated_commit_count,
        coalesce(flaky_days.flaky_commit_count, 0) as flaky_commit_count
    from suite_days
    left join flaky_days
        on
            suite_days.repository = flaky_days.repository
            and suite_days.suite = flaky_days.suite
            and suite_days.started_date = flaky_days.started_date

)

select
    started_date,
    repository,
    suite,
    is_simulated,
    suite_run_count,
    failed_suite_run_count,
    executed_test_count,
    passed_test_count,
    failed_test_count,
    error_test_count,
    skipped_test_count,
    flaky_test_count,
    {{ safe_ratio('passed_test_count', 'executed_test_count') }} as passed_test_ratio,
    repeated_commit_count,
    flaky_commit_count,
    -- Of fewer than five commits, a ratio would say more than is known.
    case
        when repeated_commit_count >= 5 then {{ safe_ratio('flaky_commit_count', 'repeated_commit_count') }}
    end as flake_ratio,
    case
        when repeated_commit_count >= 5 then {{ wilson_lower('flaky_commit_count', 'repeated_commit_count') }}
    end as flake_lower_ratio,
    case
        when repeated_commit_count >= 5 then {{ wilson_upper('flaky_commit_count', 'repeated_commit_count') }}
    end as flake_upper_ratio,
    timed_suite_run_count,
    total_duration_ms,
    p50_duration_ms,
    p95_duration_ms
from suite_days_with_flakes
