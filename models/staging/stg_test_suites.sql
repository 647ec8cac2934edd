-- One row per report of a suite run that was loaded.
with source as (

    {{ committed_rows('test_suites') }}

),

renamed as (

    select
        test_suite_id,
        provider,
        repository,
        run_id,
        run_attempt,
        commit_sha,
        job,
        coalesce(suite, '(none)') as suite,
        suite_ordinal,
        started_at,
        started_at_original,
        duration_ms,
        reported_test_count,
        reported_failed_test_count,
        reported_error_test_count,
        reported_skipped_test_count,

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
