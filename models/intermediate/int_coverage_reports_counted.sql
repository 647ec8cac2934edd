-- One row per coverage report, with its lines and branches summed over its files.
with coverage_reports as (

    select * from {{ ref('int_coverage_reports_current') }}

),

file_sums as (

    select
        coverage_report_id,
        count(*) as file_count,
        cast(sum(line_count) as {{ dbt.type_bigint() }}) as line_count,
        cast(sum(covered_line_count) as {{ dbt.type_bigint() }}) as covered_line_count,
        cast(sum(branch_count) as {{ dbt.type_bigint() }}) as branch_count,
        cast(sum(covered_branch_count) as {{ dbt.type_bigint() }}) as covered_branch_count
    from {{ ref('int_coverage_files_current') }}
    group by coverage_report_id

)

-- The report's own totals count only where it names no file: they are often rounded or stale.
select
    coverage_reports.*,
    coalesce(file_sums.file_count, 0) as file_count,
    case
        when file_sums.file_count > 0 then file_sums.line_count else coverage_reports.reported_line_count
    end as line_count,
    case
        when file_sums.file_count > 0
            then file_sums.covered_line_count
        else coverage_reports.reported_covered_line_count
    end as covered_line_count,
    case
        when file_sums.file_count > 0 then file_sums.branch_count else coverage_reports.reported_branch_count
    end as branch_count,
    case
        when file_sums.file_count > 0
            then file_sums.covered_branch_count
        else coverage_reports.reported_covered_branch_count
    end as covered_branch_count
from coverage_reports
left join file_sums
    on coverage_reports.coverage_report_id = file_sums.coverage_report_id
