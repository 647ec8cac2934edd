-- One row per metric of tests, week and suite run, commit or mutated target behind it, of the last four complete weeks.
with reported_suites as (

    select
        *,
        {{ week_of('started_at') }} as week_start_date,
        coalesce(reported_failed_test_count, 0) + coalesce(reported_error_test_count, 0) as reported_bad,
        reported_test_count - coalesce(reported_skipped_test_count, 0) as reported_executed
    from {{ ref('int_test_suites_current') }}
    where cast(started_at as date) >= {{ evidence_since() }}

),

test_suites as (

    select
        *,
        coalesce(reported_executed >= reported_bad, false) as has_possible_totals
    from reported_suites

),

case_counts as (

    select
        test_suite_id,
        count(case when outcome = 'passed' then 1 end) as passed_test_count,
        count(case when outcome in ('passed', 'failed', 'error') then 1 end) as executed_test_count
    from {{ ref('int_test_cases_current') }}
    where cast(started_at as date) >= {{ evidence_since() }}
    group by test_suite_id

),

-- As in `test_health`: a suite's own totals count only where it lists no case, and only if they can be true.
suite_runs as (

    select
        test_suites.*,
        case
            when case_counts.test_suite_id is not null then case_counts.passed_test_count
            when test_suites.has_possible_totals then test_suites.reported_executed - test_suites.reported_bad
        end as passed_test_count,
        case
            when case_counts.test_suite_id is not null then case_counts.executed_test_count
            when test_suites.has_possible_totals then test_suites.reported_executed
        end as executed_test_count
    from test_suites
    left join case_counts on test_suites.test_suite_id = case_counts.test_suite_id

),

commits as (

    select
        repository,
        suite,
        commit_sha,
        is_simulated,
        max(last_executed_at) as last_executed_at,
        count(*) as test_count,
        count(case when is_repeated then 1 end) as repeated_test_count,
        count(case when is_flaky then 1 end) as flaky_test_count
    from {{ ref('int_tests_by_commit') }}
    group by repository, suite, commit_sha, is_simulated
    having cast(max(last_executed_at) as date) >= {{ evidence_since() }}

),

last_suite_runs as (

    select
        repository,
        suite,
        commit_sha,
        _event_id
    from test_suites
    where commit_sha is not null
    qualify row_number() over (
        partition by repository, suite, commit_sha
        order by started_at desc, test_suite_id
    ) = 1

),

repeated_commits as (

    select
        commits.*,
        last_suite_runs._event_id
    from commits
    left join last_suite_runs
        on
            commits.repository = last_suite_runs.repository
            and commits.suite = last_suite_runs.suite
            and commits.commit_sha = last_suite_runs.commit_sha

),

mutation_reports as (

    select
        mutation_run_id,
        _event_id
    from {{ ref('int_mutation_runs_current') }}

),

-- A week is what its newest full report of each target says; what came before in it is excluded.
target_days as (

    select
        target_days.*,
        {{ week_of('target_days.generated_date') }} as week_start_date,
        target_days.target || ', ' || target_days.scope || ', report ' || target_days.mutation_run_id as report_name,
        mutation_reports._event_id,
        target_days.scope = 'diff' as is_diff,
        row_number() over (
            partition by
                target_days.repository,
                target_days.target,
                {{ week_of('target_days.generated_date') }},
                target_days.scope = 'diff'
            order by target_days.generated_date desc, target_days.scope
        ) = 1 as is_newest
    from {{ ref('mutation_effectiveness') }} as target_days
    inner join mutation_reports on target_days.mutation_run_id = mutation_reports.mutation_run_id
    where target_days.generated_date >= {{ evidence_since() }}

),

{% set why_no_report %}
    when is_diff then 'It is of a change only, not of the whole target.'
    when not is_newest then 'A newer report of the target in the same week replaces it.'
{% endset %}
evidence as (

    {{ evidence_of(
        'test_pass_ratio', 'suite_runs', 'test_suite', 'week_start_date', 'test_suite_id',
        "suite || coalesce(', run ' || run_id, '') || coalesce(', job ' || job, '')", 'started_at',
        is_excluded='coalesce(executed_test_count, 0) = 0',
        numerator='passed_test_count',
        denominator='executed_test_count',
        why="case when executed_test_count is null then 'How many tests it ran is not known.'
            when executed_test_count = 0 then 'None of its tests was executed.'
            when passed_test_count = executed_test_count then 'Each executed test passed.'
            else 'Some tests failed.' end"
    ) }}
    union all
    {{ evidence_of(
        'flake_ratio', 'repeated_commits', 'commit', week_of('last_executed_at'),
        "repository || ' ' || suite || ' ' || commit_sha",
        "suite || ' at commit ' || substr(commit_sha, 1, 12)", 'last_executed_at',
        is_excluded='repeated_test_count = 0',
        numerator=one_if('flaky_test_count > 0'),
        denominator='1',
        why="case when repeated_test_count = 0 then 'Its tests were executed once: that says nothing of flakiness.'
            when flaky_test_count > 0 then " ~ whole('flaky_test_count') ~ " || ' of its tests passed and failed.'
            else 'Executed again, each test came out the same.' end"
    ) }}
    union all
    {{ evidence_of(
        'mutation_score', 'target_days', 'mutation_run', 'week_start_date', 'mutation_run_id', 'report_name',
        'generated_at',
        is_excluded='is_diff or not is_newest',
        numerator='detected_mutant_count',
        denominator='valid_mutant_count',
        why="case " ~ why_no_report ~ " else 'The newest full report of the target in the week.' end"
    ) }}
    union all
    {{ evidence_of(
        'mutation_gap', 'target_days', 'mutation_run', 'week_start_date', 'mutation_run_id', 'report_name',
        'generated_at',
        is_excluded='is_diff or not is_newest or coalesce(line_count, 0) = 0 or valid_mutant_count = 0',
        value='mutation_gap',
        sample='valid_mutant_count',
        why="case " ~ why_no_report ~ "
            when coalesce(line_count, 0) = 0 then 'Its line coverage is not known.'
            when valid_mutant_count = 0 then 'It has no valid mutant.'
            else 'The newest full report of the target in the week; targets are weighed by lines and mutants.' end"
    ) }}

)

select * from evidence
