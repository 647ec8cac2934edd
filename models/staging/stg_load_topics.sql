-- One row per committed load, topic and origin: how much of the load was of it.
with source as (

    select * from {{ source('raw', 'load_topics') }}

),

loads as (

    select * from {{ ref('stg_loads') }}

),

renamed as (

    select
        source.load_id,
        source.generation,
        source.topic,
        source.is_simulated,
        source.loaded_event_count,
        source.rejected_event_count,
        source.loaded_at
    from source
    -- What a reload superseded no longer counts.
    inner join loads
        on
            source.load_id = loads.load_id
            and source.generation = loads.generation

)

select * from renamed
