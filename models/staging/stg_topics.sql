-- One row per topic that the warehouse was ever prepared for.
with source as (

    select * from {{ source('raw', 'topics') }}

),

renamed as (

    select
        topic,
        summary,
        owner,
        noted_at
    from source
    qualify row_number() over (partition by topic order by noted_at desc, summary, owner) = 1

)

select * from renamed
