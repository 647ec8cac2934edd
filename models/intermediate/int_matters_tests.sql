-- One row per open matter of tests: suites that pass and fail on one commit, and tests that run code without checking it.
with test_health as (

    select * from {{ ref('test_health') }}

),

mutation_effectiveness as (

    select * from {{ ref('mutation_effectiveness') }}

),

targets as (

    select * from {{ ref('int_targets') }}
    where metric_id = 'flake_ratio'

),

recent_suites as (

    select
        repository,
        suite,
        is_simulated,
        sum(flaky_commit_count) as flaky_commit_count,
        sum(repeated_commit_count) as repeated_commit_count,
        min(case when flaky_commit_count > 0 then started_date end) as first_flaky_date
    from test_health
    where
        started_date >= {{ date_plus('cast(' ~ as_of() ~ ' as date)', -28) }}
        and started_date <= cast({{ as_of() }} as date)
    group by repository, suite, is_simulated

),

-- Red beyond chance: also the lower end of the ratio's Wilson band is worse than amber.
flaky_suites as (

    select
        'flaky_suite' as kind,
        recent_suites.repository,
        recent_suites.repository || ' ' || recent_suites.suite as subject,
        recent_suites.is_simulated,
        cast(recent_suites.first_flaky_date as timestamp) as since_at,
        cast(recent_suites.flaky_commit_count as {{ type_double() }}) as size_value,
        'commits' as size_unit,
        {{ safe_ratio('recent_suites.flaky_commit_count', 'recent_suites.repeated_commit_count') }}
        / nullif(targets.amber, 0) as times_allowed,
        'Tests of ' || recent_suites.repository || ' passed and failed on the same commit, for '
        || {{ whole('recent_suites.flaky_commit_count') }} || ' of ' || {{ whole('recent_suites.repeated_commit_count') }}
        || ' commits that were tested twice within four weeks: their result means little.' as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        cast(null as {{ dbt.type_string() }}) as owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'flaky_tests' as source_mart,
        {{ filter_text({'repository': 'recent_suites.repository', 'suite': 'recent_suites.suite'}) }} as source_filter
    from recent_suites
    cross join targets
    where
        recent_suites.repeated_commit_count >= targets.minimum_sample
        and {{ wilson_lower('recent_suites.flaky_commit_count', 'recent_suites.repeated_commit_count') }} > targets.amber

),

newest_reports as (

    select *
    from mutation_effectiveness
    where
        mutation_run_id is not null
        and scope <> 'diff'
        and generated_date >= {{ date_plus('cast(' ~ as_of() ~ ' as date)', -28) }}
        and generated_at <= {{ as_of() }}
    qualify row_number() over (
        partition by repository, target
        order by generated_at desc, scope
    ) = 1

),

-- A fifth of the code is run and not checked, and chance does not explain it: the score's upper end counts.
hollow_tests as (

    select
        'hollow_tests' as kind,
        repository,
        repository || ' ' || target as subject,
        is_simulated,
        generated_at as since_at,
        cast(valid_mutant_count - detected_mutant_count as {{ type_double() }}) as size_value,
        'mutants' as size_unit,
        cast(null as {{ type_double() }}) as times_allowed,
        'The tests of ' || repository || ' run ' || {{ readable('line_coverage_ratio', "'ratio'") }}
        || ' of its code, but notice only ' || {{ readable('mutation_score_ratio', "'ratio'") }}
        || ' of the faults that were planted: they look safer than they are.' as sentence,
        cast(null as {{ dbt.type_string() }}) as next_step,
        cast(null as {{ dbt.type_string() }}) as owner,
        cast(null as {{ dbt.type_string() }}) as severity,
        'mutation_effectiveness' as source_mart,
        {{ filter_text({'mutation_run_id': 'mutation_run_id'}) }} as source_filter
    from newest_reports
    where line_coverage_ratio - mutation_score_upper_ratio >= 0.2

),

matters as (

    select * from flaky_suites
    union all
    select * from hollow_tests

)

select * from matters
