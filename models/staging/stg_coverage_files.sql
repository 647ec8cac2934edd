-- One row per file of a loaded coverage report.
with source as (

    {{ committed_rows('coverage_files') }}

),

renamed as (

    select
        coverage_report_id,
        generated_at,
        ordinal,
        file_path,
        line_count,
        covered_line_count,
        branch_count,
        covered_branch_count,

        _load_id,
        _generation,
        _event_id,
        _source_line,
        _contract,
        _emitted_at,
        _loaded_at,
        _committed_at
    from source

)

select * from renamed
