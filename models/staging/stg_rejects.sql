-- One row per rejected event of a committed load, in its newest generation.
with source as (

    select * from {{ source('raw', 'rejects') }}

),

loads as (

    select * from {{ ref('stg_loads') }}

),

-- What a reload accepted after all is no longer a reject.
renamed as (

    select
        source.load_id,
        source.generation,
        source.line,
        source.byte_offset,
        source.code,
        source.pointer,
        source.message,
        source.content,
        source.loaded_at
    from source
    inner join loads
        on
            source.load_id = loads.load_id
            and source.generation = loads.generation

)

select * from renamed
