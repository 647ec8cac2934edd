-- One row per repository, subject, kind of check and day (UTC) on which builds were compared.
{{ config(partition_by=partitioned_by('checked_date')) }}

with determinism_checks as (

    select * from {{ ref('int_determinism_checks_reported') }}
    where checked_at <= {{ as_of() }}

),

check_counts as (

    select
        coalesce(repository, '(none)') as repository,
        subject,
        kind,
        cast(checked_at as date) as checked_date,
        count(*) as check_count,
        count(case when verdict = 'verified' then 1 end) as identical_check_count,
        count(case when verdict = 'refuted' then 1 end) as different_check_count,
        count(case when verdict = 'undecided' then 1 end) as undecided_check_count,
        max(checked_at) as last_checked_at,
        max(case when is_simulated then 1 else 0 end) = 1 as is_simulated
    from determinism_checks
    group by 1, 2, 3, 4

),

-- Why builds differ, by the newest that did.
newest_differences as (

    select
        coalesce(repository, '(none)') as repository,
        subject,
        kind,
        cast(checked_at as date) as checked_date,
        subject_digest as different_digest,
        first_cause,
        differing_file_count
    from determinism_checks
    where verdict = 'refuted'
    qualify row_number() over (
        partition by coalesce(repository, '(none)'), subject, kind, cast(checked_at as date)
        order by checked_at desc, determinism_check_id
    ) = 1

),

determinism as (

    select
        check_counts.repository,
        check_counts.subject,
        check_counts.kind,
        check_counts.checked_date,
        check_counts.check_count,
        check_counts.identical_check_count,
        check_counts.different_check_count,
        check_counts.identical_check_count + check_counts.different_check_count as compared_check_count,
        {{ safe_ratio(
            'check_counts.identical_check_count',
            'check_counts.identical_check_count + check_counts.different_check_count'
        ) }} as reproducible_ratio,
        check_counts.undecided_check_count,
        newest_differences.different_digest,
        newest_differences.first_cause,
        newest_differences.differing_file_count,
        check_counts.last_checked_at,
        check_counts.is_simulated
    from check_counts
    left join newest_differences
        on
            check_counts.repository = newest_differences.repository
            and check_counts.subject = newest_differences.subject
            and check_counts.kind = newest_differences.kind
            and check_counts.checked_date = newest_differences.checked_date

)

select * from determinism
