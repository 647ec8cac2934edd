-- One row per mutation report, with its mutants counted by what became of them.
with mutation_runs as (

    select * from {{ ref('int_mutation_runs_current') }}

),

mutants as (

    select
        *,
        -- Nothing leaves the denominator without a reason that someone wrote down.
        coalesce(is_equivalent, false) and trim(coalesce(status_reason, '')) != '' as is_explained_equivalent
    from {{ ref('int_mutants_current') }}

),

mutant_counts as (

    select
        mutation_run_id,
        count(*) as mutant_count,
        count(case when status = 'killed' then 1 end) as killed_mutant_count,
        count(case when status = 'timeout' and not is_explained_equivalent then 1 end) as timeout_mutant_count,
        count(case when status = 'survived' and not is_explained_equivalent then 1 end) as survived_mutant_count,
        count(case when status = 'no_coverage' and not is_explained_equivalent then 1 end) as no_coverage_mutant_count,
        count(
            case when status in ('timeout', 'survived', 'no_coverage') and is_explained_equivalent then 1 end
        ) as equivalent_mutant_count,
        count(
            case
                when
                    status in ('timeout', 'survived', 'no_coverage')
                    and coalesce(is_equivalent, false)
                    and not is_explained_equivalent
                    then 1
            end
        ) as unexplained_equivalent_mutant_count,
        count(case when status = 'ignored' then 1 end) as ignored_mutant_count,
        count(case when status = 'runtime_error' then 1 end) as runtime_error_mutant_count,
        count(case when status = 'compile_error' then 1 end) as compile_error_mutant_count,
        count(case when status = 'pending' then 1 end) as pending_mutant_count,
        count(case when status = 'suspicious' then 1 end) as suspicious_mutant_count
    from mutants
    group by mutation_run_id

)

select
    mutation_runs.*,
    coalesce(mutant_counts.mutant_count, 0) as mutant_count,
    coalesce(mutant_counts.killed_mutant_count, 0) as killed_mutant_count,
    coalesce(mutant_counts.timeout_mutant_count, 0) as timeout_mutant_count,
    coalesce(mutant_counts.survived_mutant_count, 0) as survived_mutant_count,
    coalesce(mutant_counts.no_coverage_mutant_count, 0) as no_coverage_mutant_count,
    coalesce(mutant_counts.equivalent_mutant_count, 0) as equivalent_mutant_count,
    coalesce(mutant_counts.unexplained_equivalent_mutant_count, 0) as unexplained_equivalent_mutant_count,
    coalesce(mutant_counts.ignored_mutant_count, 0) as ignored_mutant_count,
    coalesce(mutant_counts.runtime_error_mutant_count, 0) as runtime_error_mutant_count,
    coalesce(mutant_counts.compile_error_mutant_count, 0) as compile_error_mutant_count,
    coalesce(mutant_counts.pending_mutant_count, 0) as pending_mutant_count,
    coalesce(mutant_counts.suspicious_mutant_count, 0) as suspicious_mutant_count
from mutation_runs
left join mutant_counts
    on mutation_runs.mutation_run_id = mutant_counts.mutation_run_id
