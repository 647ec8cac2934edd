-- One row per mutant of a loaded mutation report.
with source as (

    {{ committed_rows('mutants') }}

),

renamed as (

    select
        mutation_run_id,
        generated_at,
        ordinal,
        mutant_id,
        file_path,
        line_number,
        mutator,
        status,
        status_reason,
        is_equivalent,
        killed_by,

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
