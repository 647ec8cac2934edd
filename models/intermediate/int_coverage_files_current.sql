-- One row per file (coverage_report_id, ordinal) of a coverage report.
with coverage_files as (

    select * from {{ ref('stg_coverage_files') }}

),

coverage_reports_current as (

    select * from {{ ref('int_coverage_reports_current') }}

),

-- Of the loads that brought the same report, only the newest one's rows count.
current_coverage_files as (

    select coverage_files.*
    from coverage_files
    inner join coverage_reports_current
        on coverage_files._event_id = coverage_reports_current._event_id

)

select * from current_coverage_files
