-- One row per repository, target, scope and day: what its newest mutation report of that day found.
with mutation_runs as (

    select
        *,
        cast(generated_at as date) as generated_date
    from {{ ref('int_mutation_runs_counted') }}

),

coverage_reports as (

    select * from {{ ref('int_coverage_reports_counted') }}

),

pipeline_runs as (

    select
        *,
        coalesce(ended_at, started_at) as reported_at,
        cast(coalesce(ended_at, started_at) as date) as reported_date
    from {{ ref('int_pipeline_runs_joined') }}
    where reported_mutation_score_ratio is not null

),

-- Reports of one day are never added up: each would count the same mutants again.
newest_mutation_runs as (

    select
        *,
        count(*) over (partition by repository, target, scope, generated_date) as report_count,
        killed_mutant_count + timeout_mutant_count as detected_mutant_count,
        killed_mutant_count + timeout_mutant_count + survived_mutant_count as covered_mutant_count,
        killed_mutant_count
        + timeout_mutant_count
        + survived_mutant_count
        + no_coverage_mutant_count as valid_mutant_count
    from mutation_runs
    qualify row_number() over (
        partition by repository, target, scope, generated_date
        order by generated_at desc, mutation_run_id desc
    ) = 1

),

mutated_days as (

    select
        repository,
        generated_date,
        count(distinct target) as target_count
    from mutation_runs
    group by repository, generated_date

),

-- Coverage of the same commit: of the same target where a report names it, else of the whole
-- repository if nothing else in it was mutated that day; the newest if there are several.
coverage_of_mutation_runs as (

    select
        newest_mutation_runs.mutation_run_id,
        coverage_reports.coverage_report_id,
        coverage_reports.line_count,
        coverage_reports.covered_line_count
    from newest_mutation_runs
    inner join mutated_days
        on
            newest_mutation_runs.repository = mutated_days.repository
            and newest_mutation_runs.generated_date = mutated_days.generated_date
    inner join coverage_reports
        on
            newest_mutation_runs.repository = coverage_reports.repository
            and newest_mutation_runs.commit_sha = coverage_reports.commit_sha
    where
        coverage_reports.line_count > 0
        and (
            coverage_reports.target = newest_mutation_runs.target
            or (coverage_reports.target is null and mutated_days.target_count = 1)
        )
    qualify row_number() over (
        partition by newest_mutation_runs.mutation_run_id
        order by
            case when coverage_reports.target is null then 1 else 0 end,
            coverage_reports.generated_at desc,
            coverage_reports.coverage_report_id desc
    ) = 1

),

-- What the pipelines say of themselves: shown beside our figures, never mixed with them.
reported_days as (

    select
        repository,
        is_simulated,
        reported_date,
        mutant_count as reported_mutant_count,
        killed_mutant_count as reported_killed_mutant_count,
        timeout_mutant_count as reported_timeout_mutant_count,
        equivalent_mutant_count as reported_equivalent_mutant_count,
        reported_mutation_score_ratio
    from pipeline_runs
    qualify row_number() over (
        partition by repository, reported_date
        order by reported_at desc, provider desc, run_id desc, run_attempt desc
    ) = 1

),

target_days as (

    select
        coalesce(newest_mutation_runs.generated_date, reported_days.reported_date) as generated_date,
        coalesce(newest_mutation_runs.repository, reported_days.repository) as repository,
        coalesce(newest_mutation_runs.target, '(none)') as target,
        coalesce(newest_mutation_runs.scope, '(none)') as scope,
        coalesce(newest_mutation_runs.is_simulated, reported_days.is_simulated) as is_simulated,
        newest_mutation_runs.mutation_run_id,
        newest_mutation_runs.generated_at,
        newest_mutation_runs.commit_sha,
        newest_mutation_runs.branch,
        newest_mutation_runs.tool,
        newest_mutation_runs.tool_version,
        newest_mutation_runs.report_count,

        newest_mutation_runs.mutant_count,
        newest_mutation_runs.killed_mutant_count,
        newest_mutation_runs.timeout_mutant_count,
        newest_mutation_runs.survived_mutant_count,
        newest_mutation_runs.no_coverage_mutant_count,
        newest_mutation_runs.equivalent_mutant_count,
        newest_mutation_runs.unexplained_equivalent_mutant_count,
        newest_mutation_runs.ignored_mutant_count,
        newest_mutation_runs.runtime_error_mutant_count,
        newest_mutation_runs.compile_error_mutant_count,
        newest_mutation_runs.pending_mutant_count,
        newest_mutation_runs.suspicious_mutant_count,
        newest_mutation_runs.detected_mutant_count,
        newest_mutation_runs.covered_mutant_count,
        newest_mutation_runs.valid_mutant_count,
        newest_mutation_runs.valid_mutant_count + newest_mutation_runs.equivalent_mutant_count as judged_mutant_count,

        {{ safe_ratio('newest_mutation_runs.detected_mutant_count', 'newest_mutation_runs.valid_mutant_count') }}
            as mutation_score_ratio,
        {{ wilson_lower('newest_mutation_runs.detected_mutant_count', 'newest_mutation_runs.valid_mutant_count') }}
            as mutation_score_lower_ratio,
        {{ wilson_upper('newest_mutation_runs.detected_mutant_count', 'newest_mutation_runs.valid_mutant_count') }}
            as mutation_score_upper_ratio,
        {{ safe_ratio('newest_mutation_runs.detected_mutant_count', 'newest_mutation_runs.covered_mutant_count') }}
            as covered_mutation_score_ratio,
        {{ safe_ratio('newest_mutation_runs.killed_mutant_count', 'newest_mutation_runs.valid_mutant_count') }}
            as strict_mutation_score_ratio,
        {{ safe_ratio('newest_mutation_runs.timeout_mutant_count', 'newest_mutation_runs.valid_mutant_count') }}
            as timeout_ratio,
        {{ safe_ratio(
            'newest_mutation_runs.equivalent_mutant_count',
            'newest_mutation_runs.valid_mutant_count + newest_mutation_runs.equivalent_mutant_count'
        ) }} as equivalent_ratio,
        newest_mutation_runs.threshold_ratio,

        coverage_of_mutation_runs.coverage_report_id,
        coverage_of_mutation_runs.line_count,
        coverage_of_mutation_runs.covered_line_count,
        {{ safe_ratio('coverage_of_mutation_runs.covered_line_count', 'coverage_of_mutation_runs.line_count') }}
            as line_coverage_ratio,

        reported_days.reported_mutant_count,
        reported_days.reported_killed_mutant_count,
        reported_days.reported_timeout_mutant_count,
        reported_days.reported_equivalent_mutant_count,
        reported_days.reported_mutation_score_ratio
    from newest_mutation_runs
    left join coverage_of_mutation_runs
        on newest_mutation_runs.mutation_run_id = coverage_of_mutation_runs.mutation_run_id
    full outer join reported_days
        on
            newest_mutation_runs.repository = reported_days.repository
            and newest_mutation_runs.generated_date = reported_days.reported_date

)

select
    generated_date,
    repository,
    target,
    scope,
    is_simulated,
    mutation_run_id,
    generated_at,
    commit_sha,
    branch,
    tool,
    tool_version,
    report_count,
    mutant_count,
    killed_mutant_count,
    timeout_mutant_count,
    survived_mutant_count,
    no_coverage_mutant_count,
    equivalent_mutant_count,
    unexplained_equivalent_mutant_count,
    ignored_mutant_count,
    runtime_error_mutant_count,
    compile_error_mutant_count,
    pending_mutant_count,
    suspicious_mutant_count,
    detected_mutant_count,
    covered_mutant_count,
    valid_mutant_count,
    judged_mutant_count,
    mutation_score_ratio,
    mutation_score_lower_ratio,
    mutation_score_upper_ratio,
    covered_mutation_score_ratio,
    strict_mutation_score_ratio,
    timeout_ratio,
    equivalent_ratio,
    threshold_ratio,
    coverage_report_id,
    line_count,
    covered_line_count,
    line_coverage_ratio,
    line_coverage_ratio - mutation_score_ratio as mutation_gap,
    reported_mutant_count,
    reported_killed_mutant_count,
    reported_timeout_mutant_count,
    reported_equivalent_mutant_count,
    reported_mutation_score_ratio
from target_days
