-- One row per metric of tests, week and origin in which something was counted.
with test_weeks as (

    select
        {{ week_of('started_date') }} as week_start_date,
        is_simulated,
        sum(passed_test_count) as passed_test_count,
        sum(executed_test_count) as executed_test_count,
        sum(flaky_commit_count) as flaky_commit_count,
        sum(repeated_commit_count) as repeated_commit_count,
        max(cast(started_date as timestamp)) as measured_at
    from {{ ref('test_health') }}
    group by 1, 2

),

-- A week is what its newest full report of each target says: summing its days would count a mutant seven times.
newest_target_days as (

    select
        {{ week_of('generated_date') }} as week_start_date,
        is_simulated,
        detected_mutant_count,
        valid_mutant_count,
        covered_line_count,
        line_count,
        generated_at
    from {{ ref('mutation_effectiveness') }}
    where mutation_run_id is not null and scope <> 'diff'
    qualify row_number() over (
        partition by repository, target, {{ week_of('generated_date') }}
        order by generated_date desc, scope
    ) = 1

),

mutation_weeks as (

    select
        week_start_date,
        is_simulated,
        sum(detected_mutant_count) as detected_mutant_count,
        sum(valid_mutant_count) as valid_mutant_count,
        max(generated_at) as measured_at
    from newest_target_days
    group by week_start_date, is_simulated

),

-- Of the same targets on both sides: those of which coverage and mutants are known.
gap_weeks as (

    select
        week_start_date,
        is_simulated,
        sum(covered_line_count) as covered_line_count,
        sum(line_count) as line_count,
        sum(detected_mutant_count) as detected_mutant_count,
        sum(valid_mutant_count) as valid_mutant_count,
        max(generated_at) as measured_at
    from newest_target_days
    where line_count > 0 and valid_mutant_count > 0
    group by week_start_date, is_simulated

),

metric_weeks as (

    select
        'test_pass_ratio' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('passed_test_count', 'executed_test_count') }} as metric_value,
        passed_test_count as numerator,
        executed_test_count as denominator,
        executed_test_count as sample_count,
        measured_at
    from test_weeks
    union all
    select
        'flake_ratio' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('flaky_commit_count', 'repeated_commit_count') }} as metric_value,
        flaky_commit_count as numerator,
        repeated_commit_count as denominator,
        repeated_commit_count as sample_count,
        measured_at
    from test_weeks
    union all
    select
        'mutation_score' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('detected_mutant_count', 'valid_mutant_count') }} as metric_value,
        detected_mutant_count as numerator,
        valid_mutant_count as denominator,
        valid_mutant_count as sample_count,
        measured_at
    from mutation_weeks
    union all
    select
        'mutation_gap' as metric_id,
        week_start_date,
        is_simulated,
        {{ safe_ratio('covered_line_count', 'line_count') }}
        - {{ safe_ratio('detected_mutant_count', 'valid_mutant_count') }} as metric_value,
        null as numerator,
        null as denominator,
        valid_mutant_count as sample_count,
        measured_at
    from gap_weeks

)

select * from metric_weeks
