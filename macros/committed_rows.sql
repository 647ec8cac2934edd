{#
    The rows of a raw table that count: those of a committed load, in its newest generation, with
    the moment of that commit. What a loader wrote without committing is in no ledger; what a
    reload superseded is in an older generation.
#}
{% macro committed_rows(raw_table) %}
    select
        raw_rows.*,
        loads.format as _format,
        loads.committed_at as _committed_at
    from {{ source('raw', raw_table) }} as raw_rows
    inner join {{ ref('stg_loads') }} as loads
        on
            raw_rows._load_id = loads.load_id
            and raw_rows._generation = loads.generation
{% endmacro %}
