-- One row per coverage report that was loaded.
with source as (

    {{ committed_rows('coverage_reports') }}

),

renamed as (

    select
        coverage_report_id,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        target,
        tool,
        tool_version,
        generated_at,
        generated_at_original,
        reported_line_count,
        reported_covered_line_count,
        reported_branch_count,
        reported_covered_branch_count,

        {{ is_simulated('repository') }} as is_simulated,

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
