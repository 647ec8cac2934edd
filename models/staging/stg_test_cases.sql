-- One row per test case of a loaded suite run.
with source as (

    {{ committed_rows('test_cases') }}

),

renamed as (

    select
        test_suite_id,
        started_at,
        ordinal,
        coalesce(class_name, '(none)') as class_name,
        coalesce(test_name, '(none)') as test_name,
        coalesce(parameters, '(none)') as parameters,
        file_path,
        line_number,
        outcome,
        duration_ms,
        attempt_count,
        failure_type,
        failure_fingerprint,

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
